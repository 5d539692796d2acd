"""From one row of a list to a documented consent, or to what is missing: nothing is guessed.

An import reads what is unclear as more of a refusal. Here it is the other way round: what is
unclear makes no consent, and the row stands in the file of errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from pydantic import ValidationError

from consentlog.domain.stated import instant_ms
from consentlog.domain.vocabulary import Precision
from consentlog.http.problems import pointers_of
from consentlog.numbers.normalise import Quarantined, normalise
from consentlog.wire.instants import write_utc
from producers.imports.columns import Columns
from producers.imports.dates import StatedTime, read_time
from producers.imports.tables import Table
from producers.imports.words import channel_of, purpose_of
from producers.takeovers.columns import ConsentList
from producers.takeovers.row import SPOKEN, TakeoverRow
from producers.takeovers.words import is_consent, method_of


class Fault(StrEnum):
    """Why a row is no consent that can be taken over."""

    NUMBER = "number_not_valid"
    ACTION = "action_is_no_consent"
    ENTITY = "entity_is_another"
    METHOD = "method_not_understood"
    SPOKEN = "spoken_needs_its_own_approval"
    DATE = "date_not_understood"
    NO_ZONE = "date_without_zone"
    VERSION = "no_text_version"
    REF = "no_evidence_reference"
    CHANNEL = "channel_not_understood"
    PURPOSE = "purpose_not_understood"
    SCOPE = "scope_not_understood"
    UNTIL = "until_not_understood"
    FORM = "not_of_the_form"
    TWICE = "told_in_two_ways"


@dataclass(frozen=True, slots=True)
class Consent:
    """A row that can be taken over: as it is sent, whose it is, and when it was given (ms UTC)."""

    row: dict[str, Any]
    subject: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Faulty:
    """A row that cannot; `detail` says more where there is more to say."""

    fault: Fault
    detail: str = ""


class _Missing(Exception):  # no error: how a row ends that is no consent
    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(fault)
        self.found = Faulty(fault, detail)


class ConsentReader:
    """Reads the rows of one list.

    Args:
        columns: Which cell means what.
        about: What holds for every row.
        table: How dates may stand in it.
    """

    def __init__(self, columns: Columns, about: ConsentList, table: Table) -> None:
        self._places = columns.places
        self._about = about
        self._is_serial, self._since_1904 = table.is_spreadsheet, table.since_1904

    def read(self, cells: Sequence[str]) -> Consent | Faulty:
        """Read the cells of one row."""
        try:
            return self._consent(cells)
        except _Missing as missing:
            return missing.found

    def _consent(self, cells: Sequence[str]) -> Consent:
        said = partial(self._said, cells)
        number = normalise(said("number"), self._about.region)
        if isinstance(number, Quarantined):
            raise _Missing(Fault.NUMBER, number.reason.value)
        self._check(said)
        time = self._time(said("date"))
        at_ms = self._at_ms(time)
        row: dict[str, Any] = {
            "number": said("number"),
            "region": self._about.region,
            "method": _method(said("method")),
            "occurred_at": time.occurred_at,
            "precision": time.precision,
            "zone": self._about.zone if time.needs_zone else None,
            "consent_text_version": said("version") or _miss(Fault.VERSION),
            "evidence_ref": said("ref") or _miss(Fault.REF),
            "channel": _channel(said("channel")),
            "purpose": _purpose(said("purpose")),
            "brand": said("brand"),
            "campaign": said("campaign"),
            "until": self._until(said("until")),
            "verbatim": said("note"),
        }
        row = {name: value for name, value in row.items() if value}
        _check_form(row)
        return Consent(row, number.subject, at_ms)

    def _check(self, said: Callable[[str], str]) -> None:
        if not is_consent(said("action")):
            raise _Missing(Fault.ACTION, said("action"))
        if said("entity") not in ("", self._about.entity):
            raise _Missing(Fault.ENTITY, said("entity"))
        if said("scope"):
            # Left out it would make the consent wider than the person meant.
            raise _Missing(Fault.SCOPE, said("scope"))

    def _said(self, cells: Sequence[str], field: str) -> str:
        place = self._places.get(field)
        if place is None:
            return self._about.said(field) or ""
        return cells[place].strip() if place < len(cells) else ""

    def _time(self, text: str) -> StatedTime:
        time = read_time(text, is_serial=self._is_serial, since_1904=self._since_1904)
        if time is None:
            raise _Missing(Fault.DATE, text)
        if time.needs_zone and self._about.zone is None:
            raise _Missing(Fault.NO_ZONE, text)
        return time

    def _at_ms(self, time: StatedTime) -> int:
        zone = self._about.zone or "UTC"
        try:
            return instant_ms(time.occurred_at, zone, Precision(time.precision), later=False)
        except ValueError as exc:
            raise _Missing(Fault.DATE, str(exc)) from None

    def _until(self, text: str) -> str:
        """Return an end as the gateway reads it; of a day alone its first instant."""
        if not text:
            return ""
        time = read_time(text, is_serial=self._is_serial, since_1904=self._since_1904)
        if time is None or (time.needs_zone and self._about.zone is None):
            raise _Missing(Fault.UNTIL, text)
        end = f"{time.occurred_at}T00:00:00" if time.precision == "day" else time.occurred_at
        # The row's zone is its date's, and stands there only if that needed one.
        return write_utc(instant_ms(end, self._about.zone or "UTC", later=False))


def _miss(fault: Fault) -> str:
    raise _Missing(fault)


def _method(text: str) -> str:
    method = method_of(text)
    if method is None:
        raise _Missing(Fault.METHOD, text)
    if method == SPOKEN:
        raise _Missing(Fault.SPOKEN, text)
    return method


def _channel(text: str) -> str:
    channel = channel_of(text) if text else None
    if channel is None:
        raise _Missing(Fault.CHANNEL, text)
    return channel


def _purpose(text: str) -> str | None:
    purpose, is_understood = purpose_of(text)
    if not is_understood:
        raise _Missing(Fault.PURPOSE, text)
    return purpose


def _check_form(row: dict[str, Any]) -> None:
    try:
        TakeoverRow.model_validate(row)
    except ValidationError as exc:
        errors = pointers_of(exc.errors(include_input=False, include_url=False))
        told = "; ".join(f"{error['pointer']}: {error['message']}" for error in errors)
        raise _Missing(Fault.FORM, told) from None
