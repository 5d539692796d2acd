"""From one row of a list to the act that is sent: nothing is dropped, and nothing is loosened.

What a row leaves unclear makes it block more, never less: a date that cannot be read is no date, a
channel that nobody knows is every channel, a word for an action that nobody knows is a hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from consentlog.domain.facts import are_names
from consentlog.numbers.normalise import Quarantined, QuarantineReason, normalise
from producers.imports.columns import Columns
from producers.imports.dates import read_time
from producers.imports.tables import Table
from producers.imports.words import Said, asked_by, channel_of, purpose_of

_MOST_NUMBER: Final = 256
_MOST_REF: Final = 128
_MOST_NOTE: Final = 8192
NO_NAME: Final = "not-a-name"
"""Stands for a name that no registry can hold: unknown there, so the row holds every entity."""


class Finding(StrEnum):
    """What is odd about a row."""

    EMPTY = "number_empty"
    TOO_LONG = "number_too_long"
    NOT_ONLY_DIGITS = "number_not_only_digits"
    NO_REGION = "number_no_region"
    NOT_A_NUMBER = "number_not_a_number"
    NOT_VALID = "number_not_valid"
    LOOSENS = "would_loosen"
    ACTION = "action_not_understood"
    DATE = "date_not_understood"
    SCOPE = "scope_not_understood"


@dataclass(frozen=True, slots=True)
class ListOf:
    """What holds for every row of a list.

    `name` of the list, `entity` that the refusals are to where a row names none, `zone` of dates
    without an offset, `region` of numbers without a country code, `basis` of the refusals, `actor`
    who imports.
    """

    name: str
    entity: str | None
    zone: str | None = None
    region: str | None = None
    basis: str = "do_not_call_list"
    actor: str = "import"


class ReadRow(NamedTuple):
    """One row: the act to send, what tells it from others of the list, what is odd about it.

    `item` lacks its nonce. `key` is 8 bytes: the same for rows that are one act.
    """

    item: dict[str, Any]
    key: int
    findings: tuple[Finding, ...]
    needs_zone: bool

    @property
    def is_quarantined(self) -> bool:
        """Whether its number needs a person."""
        return bool(self.findings) and self.findings[0].value.startswith("number_")


class RowReader:
    """Reads the rows of one list.

    Args:
        columns: Which cell means what.
        about: What holds for every row.
        table: How dates may stand in it.
    """

    def __init__(self, columns: Columns, about: ListOf, table: Table) -> None:
        self._places = columns.places
        self._is_bare = columns.is_bare
        self._about = about
        self._is_serial, self._since_1904 = table.is_spreadsheet, table.since_1904
        self._actor = {"id": about.actor, "type": "system"}
        self._hash = hashlib.blake2b(about.name.encode(), digest_size=8)

    def read(self, cells: list[str]) -> ReadRow:
        """Read the cells of one row."""
        cell = self._cells(cells)
        # Of a list of numbers alone, a second cell would be a second number, and vanish.
        number = ",".join(cells) if self._is_bare and len(cells) > 1 else cell("number")
        found = normalise(number, self._about.region)
        findings = [Finding[found.reason.name]] if isinstance(found, Quarantined) else []
        item: dict[str, Any] = {"number": number[:_MOST_NUMBER], "method": "import"}
        if self._about.region:
            item["region"] = self._about.region
        notes = self._act(item, cell, findings)
        needs_zone = self._time(item, cell, findings, notes)
        self._scope(item, cell, findings, notes)
        self._evidence(item, cell, notes)
        subject = number if isinstance(found, Quarantined) else found.subject
        return ReadRow(item, self._key(subject, item), tuple(findings), needs_zone)

    def _cells(self, cells: list[str]) -> Callable[[str], str]:
        places = self._places

        def cell(field: str) -> str:
            place = places.get(field)
            return cells[place].strip() if place is not None and place < len(cells) else ""

        return cell

    def _act(
        self, item: dict[str, Any], cell: Callable[[str], str], findings: list[Finding]
    ) -> list[str]:
        text = cell("action")
        asked = asked_by(text)
        if asked.said is Said.REFUSED:
            item |= {"action": "refused", "basis": self._about.basis}
            return []
        if asked.said is Said.LOOSENS:
            item["action"] = "granted"
            findings.append(Finding.LOOSENS)
            return [text]
        item |= {"action": "held", "hold_kind": asked.hold_kind}
        if asked.said is Said.NOT_UNDERSTOOD:
            findings.append(Finding.ACTION)
        return [text]

    def _time(
        self,
        item: dict[str, Any],
        cell: Callable[[str], str],
        findings: list[Finding],
        notes: list[str],
    ) -> bool:
        text = cell("date")
        if not text:
            return False
        time = read_time(text, is_serial=self._is_serial, since_1904=self._since_1904)
        if time is None:
            findings.append(Finding.DATE)
            notes.append(text)
            return False
        item |= {"occurred_at": time.occurred_at, "precision": time.precision}
        if self._about.zone:
            item["zone"] = self._about.zone
        return time.needs_zone

    def _scope(
        self,
        item: dict[str, Any],
        cell: Callable[[str], str],
        findings: list[Finding],
        notes: list[str],
    ) -> None:
        channel, purpose, odd = _ways(cell)
        scope: dict[str, Any] = {"channel": channel}
        for field in ("entity", "brand", "campaign"):
            name = cell(field) or (self._about.entity if field == "entity" else None)
            if name and not are_names(name):
                odd.append(name)
                name = NO_NAME
            if name:
                scope[field] = name
        scope.setdefault("entity", NO_NAME)
        if purpose:
            scope["purpose"] = purpose
        item["scope"] = scope
        if odd:
            findings.append(Finding.SCOPE)
            notes += odd

    def _evidence(self, item: dict[str, Any], cell: Callable[[str], str], notes: list[str]) -> None:
        said = " / ".join(note for note in (cell("note"), *notes) if note)
        item["actor"] = self._actor
        item["evidence"] = {"data_source": self._about.name}
        if said:
            item["evidence"]["verbatim"] = said[:_MOST_NOTE]
        if ref := cell("ref"):
            item["source_ref"] = ref[:_MOST_REF]

    def _key(self, subject: str, item: Mapping[str, Any]) -> int:
        # What the id of the act is made of, but for source and nonce, which are the list's.
        scope: Mapping[str, str] = item["scope"]
        parts = (subject, item.get("source_ref", ""), item["action"], *map("=".join, scope.items()))
        found = self._hash.copy()
        found.update("\x1f".join(parts).encode())
        return int.from_bytes(found.digest(), "big", signed=True)


def _ways(cell: Callable[[str], str]) -> tuple[str, str | None, list[str]]:
    """Read channel and purpose, and name what is not understood: it means all of them."""
    odd = []
    channel = channel_of(cell("channel"))
    if channel is None:
        odd.append(cell("channel"))
    purpose, understood = purpose_of(cell("purpose"))
    if not understood:
        odd.append(cell("purpose"))
        purpose = "all"
    wide = cell("scope")
    if wide:
        by_purpose, is_purpose = purpose_of(wide)
        by_channel = channel_of(wide)
        if is_purpose:
            purpose = purpose or by_purpose
        elif by_channel is not None and channel == "all":
            channel = by_channel
        elif by_channel is None:
            odd.append(wide)
            purpose = "all"
    return channel or "all", purpose, odd


QUARANTINED: Final = {reason: Finding[reason.name] for reason in QuarantineReason}
"""Finding of each reason why a number needs a person."""
