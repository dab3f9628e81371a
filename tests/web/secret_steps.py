"""One of two processes at the same store: does each step that it is told on a line, and answers on a line.

`python secret_steps.py PLACE` (a file, or a database's address and a name); a line is JSON: the name of a step of
`Credentials`, and what it is given. The key is the one of the tests.
"""

import json
import sys
from pathlib import Path

from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from ltsa.postgres_server import Server
from ltsa.side_store import Beside, Schema
from web.credentials import Credentials

KEY = bytes(range(32))


def main() -> None:
    place: Beside = Path(sys.argv[1])
    if "://" in sys.argv[1]:
        place = Schema(Server(sys.argv[1]), sys.argv[2])
    kept = Credentials(place, KEY, PasswordHasher.from_parameters(CHEAPEST))
    _say("ready")
    for line in sys.stdin:
        step, *given = json.loads(line)
        _say(json.dumps(repr(getattr(kept, step)(*given))))
    kept.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
