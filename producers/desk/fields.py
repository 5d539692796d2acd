"""What the forms of the desk ask for, and what was typed into them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from producers.desk.choices import Choices
from producers.desk.clerk import Clerk
from producers.desk.wording import wording
from producers.page_forms import Sent
from producers.page_texts import Texts
from producers.request import EventIn

Troubles = Mapping[str, str]
"""What is wrong, as text, by the name of the field; the empty name is the form itself."""

NOT_NOW: Final = "not_now"
"""Value of the button that asks for peace for a while only."""


class Kind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    NUMBER = "tel"
    CHOICE = "choice"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `most` characters, `pattern` for the whole of what is typed.

    `choices` names the list that a choice is made from.
    """

    name: str
    kind: Kind = Kind.TEXT
    most: int = 512
    is_needed: bool = False
    pattern: str = ""
    choices: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Fields side by side; with a `name` they are folded away until they are wanted."""

    fields: tuple[Field, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, by field, and the nonce of the form: sent again it is the same act."""

    values: Mapping[str, str] = field(default_factory=dict)
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    is_not_now: bool = False

    def get(self, name: str) -> str:
        """Return what was typed into a field, or an empty text."""
        return self.values.get(name, "")

    def some(self, name: str) -> str | None:
        """Return what was typed into a field, or None."""
        return self.values.get(name) or None

    def only(self, *names: str) -> Typed:
        """Return some of the fields for the next form: what a clerk would type again each time."""
        return Typed({name: self.values[name] for name in names if name in self.values})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form of the desk: its fields, what else is wrong with them, and the act that it is.

    `kept` are the fields whose values stand in the next form.
    """

    name: str
    path: str
    scope: str
    groups: tuple[Group, ...]
    also_wrong: Callable[[Typed, Choices, Texts], dict[str, str]]
    act: Callable[[Typed, Clerk], EventIn]
    kept: tuple[str, ...] = ("entity",)
    has_not_now: bool = False

    @property
    def fields(self) -> Iterator[Field]:
        """Every field, in the order of the page; without the end of *not now*."""
        for group in self.groups:
            yield from group.fields

    def typed(self, sent: Sent) -> Typed:
        """Read what was sent; fields that the form does not have are dropped."""
        names = [one.name for one in self.fields] + ([UNTIL] if self.has_not_now else [])
        found = {name: sent.one(name).strip() for name in names}
        values = {name: value for name, value in found.items() if value}
        # Any other button, or none, is the refusal: the weaker one is never pressed by mistake.
        is_not_now = self.has_not_now and sent.one("act") == NOT_NOW
        return Typed(values, sent.nonce or secrets.token_hex(16), is_not_now)

    def kept_fields(self, typed: Typed) -> tuple[tuple[str, str], ...]:
        """Return what a page in between carries along, so that nothing is typed twice."""
        return ("to", self.name), ("nonce", typed.nonce), *typed.values.items()

    @property
    def meant(self) -> dict[str, str]:
        """What each field means, for the description of the interface."""
        words = wording("en")
        found = {one.name: words.say(f"label_{one.name}") for one in self.fields}
        if self.has_not_now:
            found |= {UNTIL: words.say("until"), "act": f"{NOT_NOW}: that button; else the refusal"}
        return found

    def troubles(self, typed: Typed, choices: Choices, words: Texts) -> Troubles:
        """Find everything that is wrong, so that it is told at once."""
        wrong = self.also_wrong(typed, choices, words)
        for one in self.fields:
            text = _wrong(one, typed, choices, words)
            if text:
                wrong[one.name] = text
        order = [one.name for one in self.fields] + [UNTIL]
        return {name: wrong[name] for name in order if name in wrong}


UNTIL: Final = "until"
"""The end of *not now*; it stands beside that button."""


def _wrong(one: Field, typed: Typed, choices: Choices, words: Texts) -> str:
    value = typed.get(one.name)
    if not value:
        return words.say(f"missing_{one.name}") if one.is_needed else ""
    if len(value) > one.most:
        return words.say("too_long", most=str(one.most))
    if one.kind is Kind.CHOICE and value not in choices.values(one.choices or one.name):
        return words.say("not_a_choice")
    if one.pattern and not re.fullmatch(one.pattern, value, re.ASCII):
        return words.say(f"wrong_{one.name}")
    return ""
