"""Fills the places of the day's payloads, so that a checked-in day is always yesterday."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

Lookup = Callable[[str], str]
"""Gives the text for a place's name, such as `day-30` or `event_id:509-care-dispute`."""

_PLACE: Final = re.compile(r"\{([a-z_]+(?:[:+-][^{}]*)?)\}")
_DAY: Final = re.compile(r"day([+-]\d+)?")


def fill(value: Any, lookup: Lookup) -> Any:
    """Fill the places in every string of a JSON value.

    Args:
        value: Any JSON value; strings may hold `{name}` places.
        lookup: Gives the text of a place; raises KeyError for a name that it does not know.

    Returns:
        A new value of the same shape.

    Raises:
        KeyError: If a place is unknown.
    """
    if isinstance(value, str):
        return _PLACE.sub(lambda found: lookup(found[1]), value)
    if isinstance(value, dict):
        return {name: fill(part, lookup) for name, part in value.items()}
    if isinstance(value, list):
        return [fill(part, lookup) for part in value]
    return value


def day_lookup(day: date) -> Lookup:
    """Return a lookup of `day`, `day-30`, `day+14`: ISO dates around the day that is played.

    Raises:
        KeyError: (from the lookup) for any other name.
    """

    def lookup(name: str) -> str:
        found = _DAY.fullmatch(name)
        if found is None:
            raise KeyError(name)
        return (day + timedelta(days=int(found[1] or 0))).isoformat()

    return lookup
