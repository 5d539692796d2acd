"""Where a number lives, as far as its numbering plan says; policy rows hold by place."""

from __future__ import annotations

from typing import Final, NamedTuple


class Place(NamedTuple):
    """Region and time zones of one number.

    `region` (ISO 3166) is None where it is not known: then the rows of every jurisdiction apply.
    `zones` (IANA) are all that the number may be in; empty where none is known: then no hour is
    an hour in which it may be called.
    """

    region: str | None = None
    zones: tuple[str, ...] = ()


NOWHERE: Final = Place()
"""A number of which nothing is known: the strictest of everything applies to it."""
