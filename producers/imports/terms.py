"""On which terms a list is read: what holds for all of it, wherever it was handed in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final, NoReturn

from phonenumbers import SUPPORTED_REGIONS

from consentlog.domain.facts import are_names
from consentlog.domain.stated import zone_of
from producers.imports.columns import Columns
from producers.imports.rows import ListOf

BASES: Final = ("do_not_call_list", "objection", "withdrawal", "authority")
"""On what the refusals of a list may rest; the first one where nothing is said."""
LONGEST_LIST_NAME: Final = 100


class WrongTerm(ValueError):
    """One term cannot hold; `field` names it, the text says what it has to be."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def check_terms(about: ListOf) -> None:
    """Check what holds for every row of a list.

    Raises:
        WrongTerm: With the field `list`, `entity`, `zone`, `region` or `basis`.
    """
    name = about.name
    if not name.strip() or "#" in name or len(name) > LONGEST_LIST_NAME or not name.isprintable():
        _wrong("list", f"1 to {LONGEST_LIST_NAME} printable characters, none of them #")
    if about.entity is not None and not is_name(about.entity):
        _wrong("entity", "1 to 32 characters of ASCII")
    if about.zone is not None:
        _check_zone(about.zone)
    if about.region is not None and about.region not in SUPPORTED_REGIONS:
        _wrong("region", "an ISO 3166 region such as CN")
    if about.basis not in BASES:
        _wrong("basis", ", ".join(BASES))


def is_name(text: str) -> bool:
    """Tell whether a text may stand as an id of the registry."""
    return bool(text) and are_names(text)


def terms_text(
    source: str,
    about: ListOf,
    columns: Columns,
    encoding: str | None = None,
    sheet: str | None = None,
) -> str:
    """Return all that decides what is sent for a row, so that no run goes on under other terms."""
    parts: list[object] = [source, asdict(about), dict(columns.places), encoding, sheet]
    return json.dumps(parts, sort_keys=True)


def says_whom(about: ListOf, places: Mapping[str, int]) -> bool:
    """Tell whether every row can say whom it refuses: the list does, or a column."""
    return about.entity is not None or "entity" in places


def _check_zone(zone: str) -> None:
    try:
        zone_of(zone)
    except ValueError as exc:
        raise WrongTerm("zone", str(exc)) from None


def _wrong(field: str, reason: str) -> NoReturn:
    raise WrongTerm(field, reason)
