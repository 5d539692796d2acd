"""From one row of a list to the act that is sent: nothing is dropped, and nothing is loosened.

What a row leaves unclear makes it block more, never less: a date that cannot be read is no date, a
channel that nobody knows is every channel, a word for an action that nobody knows is a hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring as _json
from typing import Any, Final, NamedTuple

from consentlog.domain.facts import are_names
from consentlog.numbers.normalise import Quarantined, normalise
from producers.imports.columns import Columns
from producers.imports.dates import StatedTime, read_time
from producers.imports.tables import Table
from producers.imports.words import Said, asked_by, channel_of, purpose_of

_MOST_NUMBER: Final = 256
_MOST_REF: Final = 128
_MOST_NOTE: Final = 8192
_OF_EACH: Final = ("number", "date", "ref", "note")
_SHAPES_KEPT: Final = 4096
_SHORT: Final = 200  # characters; longer texts are hardly ever the same, and would fill the memory
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


class Shape(NamedTuple):
    """What a row says beside number, date, note and reference: many rows of a list say the same.

    `text` is that as JSON without its braces, `key` what of it makes the act another one. `asked`
    and `odd` are words of the row that go into its evidence, before and after a date that cannot
    be read.
    """

    action: str
    findings: tuple[Finding, ...]
    text: str
    key: str
    asked: tuple[str, ...]
    odd: tuple[str, ...]


class ReadRow(NamedTuple):
    """One row as it is sent, what tells it from others of the list, what is odd about it.

    `act` is what it shares with others, as JSON that is open at its end for the nonce; `text` the
    rest of it, as JSON cells after the place of its act. `key` is 8 bytes: the same for rows that
    are one act.
    """

    act: str
    text: str
    action: str
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
        places = columns.places
        self._number, self._date, self._ref, self._note = map(places.get, _OF_EACH)
        self._others = [field for field in places if field not in _OF_EACH]
        self._places = [places[field] for field in self._others]
        self._last = max(self._places, default=0)
        self._is_bare = columns.is_bare
        self._about = about
        self._is_serial, self._since_1904 = table.is_spreadsheet, table.since_1904
        common = f'"region": "{about.region}", ' if about.region else ""
        self._common = f"{{{common}"
        self._zone = f'"zone": "{about.zone}", ' if about.zone else ""
        self._hash = hashlib.blake2b(about.name.encode(), digest_size=8)
        self._known = lru_cache(_SHAPES_KEPT)(self._shape)

    def read(self, cells: list[str]) -> ReadRow:
        """Read the cells of one row."""
        # Of a list of numbers alone, a second cell would be a second number, and vanish.
        number = ",".join(cells).strip() if self._is_bare else _cell(cells, self._number)
        found = normalise(number, self._about.region)
        findings: tuple[Finding, ...] = ()
        if isinstance(found, Quarantined):
            subject, findings = number, (Finding[found.reason.name],)
        else:
            subject = found.subject
        date, ref = _cell(cells, self._date), _cell(cells, self._ref)[:_MOST_REF]
        time = self._time(date) if date else None
        odd_date = date if time is None else ""
        if odd_date:
            findings += (Finding.DATE,)
        words = self._words(cells)
        shape = (self._known if sum(map(len, words)) < _SHORT else self._shape)(words)
        text = self._text(number, time, _said(_cell(cells, self._note), shape, odd_date), ref)
        key = self._key(f"{subject}\x1f{ref}\x1f{shape.key}")
        when = "" if time is None else f'"precision": "{time.precision}", {self._zone}'
        act = f"{self._common}{when}{shape.text}"
        needs_zone = time is not None and time.needs_zone
        return ReadRow(act, text, shape.action, key, findings + shape.findings, needs_zone)

    def _text(self, number: str, time: StatedTime | None, said: str, ref: str) -> str:
        when = "null" if time is None else f'"{time.occurred_at}"'
        words = _json(said) if said else "null"
        text = f"{_json(number[:_MOST_NUMBER])},{when},{words}"
        return f"{text},{_json(ref)}" if ref else text

    def _words(self, cells: list[str]) -> tuple[str, ...]:
        if len(cells) > self._last:
            return tuple(map(cells.__getitem__, self._places))
        return tuple(_cell(cells, place) for place in self._places)

    def _time(self, date: str) -> StatedTime | None:
        return read_time(date, is_serial=self._is_serial, since_1904=self._since_1904)

    def _shape(self, words: tuple[str, ...]) -> Shape:
        said = {field: word.strip() for field, word in zip(self._others, words, strict=True)}
        findings: list[Finding] = []
        fields, asked = self._act(said.get("action", ""), findings)
        scope, odd = self._scope(said)
        if odd:
            findings.append(Finding.SCOPE)
        evidence = {"data_source": self._about.name}
        actor = {"id": self._about.actor, "type": "system"}
        fields |= {"method": "import", "scope": scope, "actor": actor, "evidence": evidence}
        # What the id of the act is made of, but for source and nonce, which are the list's.
        key = "\x1f".join((fields["action"], *map("=".join, scope.items())))
        text = json.dumps(fields, ensure_ascii=False)[1:-1]
        return Shape(fields["action"], tuple(findings), text, key, tuple(asked), tuple(odd))

    def _act(self, text: str, findings: list[Finding]) -> tuple[dict[str, Any], list[str]]:
        asked = asked_by(text)
        if asked.said is Said.REFUSED:
            return {"action": "refused", "basis": self._about.basis}, []
        if asked.said is Said.LOOSENS:
            findings.append(Finding.LOOSENS)
            return {"action": "granted"}, [text]
        if asked.said is Said.NOT_UNDERSTOOD:
            findings.append(Finding.ACTION)
        return {"action": "held", "hold_kind": asked.hold_kind}, [text]

    def _scope(self, said: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        channel, purpose, odd = _ways(said)
        scope = {"channel": channel}
        for field in ("entity", "brand", "campaign"):
            name = said.get(field) or (self._about.entity if field == "entity" else None)
            if name and not are_names(name):
                odd.append(name)
                name = NO_NAME
            if name:
                scope[field] = name
        scope.setdefault("entity", NO_NAME)
        if purpose:
            scope["purpose"] = purpose
        return scope, odd

    def _key(self, text: str) -> int:
        found = self._hash.copy()
        found.update(text.encode())
        return int.from_bytes(found.digest(), "big", signed=True)


def _said(note: str, shape: Shape, odd_date: str) -> str:
    """Return what of a row is kept as its words: its note, and all that was not understood."""
    if not (odd_date or shape.asked or shape.odd):
        return note[:_MOST_NOTE]
    parts = (note, *shape.asked, odd_date, *shape.odd)
    return " / ".join(part for part in parts if part)[:_MOST_NOTE]


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _ways(said: Mapping[str, str]) -> tuple[str, str | None, list[str]]:
    """Read channel and purpose, and name what is not understood: it means all of them."""
    odd = []
    channel = channel_of(said.get("channel", ""))
    if channel is None:
        odd.append(said.get("channel", ""))
    purpose, understood = purpose_of(said.get("purpose", ""))
    if not understood:
        odd.append(said.get("purpose", ""))
        purpose = "all"
    wide = said.get("scope", "")
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
