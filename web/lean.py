"""Libraries that are imported without what they look for and the office never uses.

python-socketio and python-engineio bring clients and ways between servers along, structlog a colourful console; each
imports Redis, requests, aiohttp or rich where it finds them. That is a sixth of a start's processor. An import of a
module that stands as None in `sys.modules` fails as if it were not installed, which all of them expect.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without(*names: str) -> Iterator[None]:
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None is what hides them
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _without("aiohttp", "redis", "valkey", "requests", "rich"):
    import structlog
    from engineio import packet as engine
    from flask_socketio import SocketIO
    from socketio import packet as socket_io
    from socketio.exceptions import ConnectionRefusedError as NoFeed

__all__ = ["NoFeed", "SocketIO", "engine", "socket_io", "structlog"]
