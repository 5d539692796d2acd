"""The terms of a list as the desk's form has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from producers.desk.choices import Choices
from producers.imports.rows import ListOf
from producers.imports.terms import BASES, WrongTerm, check_terms
from producers.page_texts import Texts

FIELDS: Final = ("file", "list", "entity", "basis", "zone", "region", "column", "sheet")
"""The form's fields, in the order of the page."""
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class TypedTerms:
    """What was typed, by field."""

    values: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return what was typed into a field, or an empty text."""
        return self.values.get(name, "")

    def about(self, actor: str, region: str | None) -> ListOf:
        """Return what holds for every row; the region is the source's where none was typed."""
        return ListOf(
            self.get("list"),
            self.get("entity") or None,
            self.get("zone") or None,
            self.get("region").upper() or region,
            self.get("basis") or BASES[0],
            actor,
        )


def troubles_of(typed: TypedTerms, about: ListOf, choices: Choices, words: Texts) -> dict[str, str]:
    """Find what is wrong with what was typed, as text by field."""
    wrong = [name for name in ("column", "sheet") if len(typed.get(name)) > _LONGEST]
    if about.entity is not None and about.entity not in choices.values("entity"):
        wrong.append("entity")
    # Each term by itself, so that everything is told at once.
    sound = ListOf("-", None)
    for alone in (
        ListOf(about.name, None),
        ListOf("-", None, zone=about.zone),
        ListOf("-", None, region=about.region),
        ListOf("-", None, basis=about.basis),
    ):
        if alone != sound:
            wrong += _wrong(alone)
    return {name: words.say(f"wrong_{name}") for name in FIELDS if name in wrong}


def names_no_zone(zone: str) -> bool:
    """Tell whether a text names no zone."""
    return not zone or bool(_wrong(ListOf("-", None, zone=zone)))


def _wrong(about: ListOf) -> list[str]:
    try:
        check_terms(about)
    except WrongTerm as wrong:
        return [wrong.field]
    return []
