"""Reads the checked-in day: its steps, and what must come out."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from consentlog.errors import Language

Phase = Literal["before", "day"]
"""`before` is played before the dialer works its list for the first time."""

EXPECTED_COLUMNS: Final = ("number", "entity", "campaign", "channel", "before", "after", "history")


@dataclass(frozen=True, slots=True)
class Expect:
    """What must come back from a step.

    Attributes:
        status: HTTP status; None for a record that goes straight to the log.
        problems: Code of the problem of each item in order, None for an accepted one.
        body: The whole JSON answer, where a vendor relies on it.
        held: Whether the answer must say that a refusal became a hold.
        review: Whether a review must be opened.
        unchanged: Number (E.164) that the gate must still allow right after.
    """

    status: int | None = None
    problems: tuple[str | None, ...] = (None,)
    body: Mapping[str, Any] | None = None
    held: bool = False
    review: bool = False
    unchanged: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: when, through which channel, what is sent, what must come back.

    `number` (E.164) is set where the gate must deny right after it: such steps are timed.
    """

    name: str
    at: str
    channel: str
    what: Mapping[Language, str]
    request: Mapping[str, Any]
    expect: Expect
    number: str | None = None
    phase: Phase = "day"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom somebody wants to reach and for what; `number` is masked."""

    number: str
    entity: str
    campaign: str | None
    channel: str

    def __str__(self) -> str:
        return f"{self.number} {self.entity}/{self.campaign or '-'}/{self.channel}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with its reason codes in order; a hold's carries its kind: `held:undecodable`."""

    verdict: str
    reasons: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Outcome:
        """Read `allow`, or `deny` and its codes: `deny refused held:dispute`."""
        verdict, *reasons = text.split()
        return cls(verdict, tuple(sorted(reasons)))

    @classmethod
    def of(cls, verdict: str, reasons: tuple[dict[str, Any], ...], problem: str | None) -> Outcome:
        """Shorten what a gate answered; each code once."""
        codes = {_code(reason) for reason in reasons} | ({problem} if problem else set())
        return cls(verdict, tuple(sorted(codes)))

    def __str__(self) -> str:
        return " ".join((self.verdict, *self.reasons))


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """What must be answered for one contact before and after the day.

    `history` is the whole history of its number in log order, `action@source` each; `undecodable`
    for a record that cannot be read; `=` at the end if it is an earlier one delivered again.
    """

    contact: Contact
    before: Outcome
    after: Outcome
    history: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """The whole day."""

    steps: tuple[Step, ...]
    expected: tuple[ExpectedRow, ...]
    call_list: Path


def read_day(directory: Path | None = None) -> Day:
    """Read a day.

    Args:
        directory: Where its files lie; None = the one that ships with this package.

    Raises:
        ValueError: If a file does not have the form of a step or of the expected table.
    """
    root = directory or Path(str(resources.files(__name__.rpartition(".")[0]).joinpath("day")))
    steps = tuple(_step(path) for path in sorted(root.glob("*.json")))
    expected = _expected(root / "expected.csv")
    return Day(steps, expected, root / "call_list.csv")


def _code(reason: Mapping[str, Any]) -> str:
    kind = reason.get("detail") if reason["code"] == "held" else None
    return f"{reason['code']}:{kind}" if kind else str(reason["code"])


def _step(path: Path) -> Step:
    raw = json.loads(path.read_text("utf-8"))
    expect = dict(raw.pop("expect"))
    if "problems" in expect:
        expect["problems"] = tuple(expect["problems"])
    try:
        return Step(name=path.stem, expect=Expect(**expect), **raw)
    except TypeError as exc:
        raise ValueError(f"{path.name} does not have the form of a step: {exc}") from exc


def _expected(path: Path) -> tuple[ExpectedRow, ...]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != EXPECTED_COLUMNS:
            raise ValueError(f"{path.name} has another heading")
        return tuple(_expected_row(row) for row in rows)


def _expected_row(row: Mapping[str, str]) -> ExpectedRow:
    contact = Contact(row["number"], row["entity"], row["campaign"] or None, row["channel"])
    before, after = Outcome.parse(row["before"]), Outcome.parse(row["after"])
    return ExpectedRow(contact, before, after, tuple(row["history"].split()))
