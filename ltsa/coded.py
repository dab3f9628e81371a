"""Codes that events carry, and the words that screens show for them."""

from msgspec import Struct

Text = dict[str, str]
"""Words by language code; "id" (Indonesian) is always there."""


class Coded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code that events carry, with the words that screens show for it."""

    code: str
    name: Text
