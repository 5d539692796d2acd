"""Rows that need nothing but a number, a date, words and a reference: what they share is made once.

What is not plain is nobody's loss: such a row takes the way of `/v1/consent-events`, which alone
decides. A test holds the two to the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

from pydantic import ValidationError

from consentlog.domain.events import ConsentEvent, fact_defect
from consentlog.domain.ids import EventIds, Named, nonce_of
from consentlog.domain.stated import instant_ms, is_ahead
from consentlog.domain.vocabulary import HoldKind, Precision, SetBy
from consentlog.http.auth import Principal
from consentlog.numbers.normalise import Quarantined, normalise
from consentlog.ports import NewRecord
from consentlog.wire.event_rows import (
    encode_common,
    encode_date,
    encode_rest,
    encode_row,
    with_number,
)
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.headers import event_headers, with_id
from producers.accept import Acceptor
from producers.draft import Reception
from producers.lists.shapes import Row
from producers.request import MAX_REF, EventRequest

_SPECIMEN: Final = "+8613800138000"
"""A number that any source may state; nothing of it is recorded."""
_MOST_WORDS: Final = 8192
_MOST_TIME: Final = 512


@lru_cache(1 << 14)
def _read_date(text: str, zone: str, precision: Precision) -> tuple[int, bytes]:
    """Return a stated date in ms UTC, and as it is encoded; lists have few different ones.

    Raises:
        ValueError: As `instant_ms`.
    """
    at_ms = instant_ms(text, zone, precision, later=True)
    return at_ms, encode_date(at_ms, SetBy.SOURCE, precision, zone)


class Common(NamedTuple):
    """What the rows of one act have in common; `event` is that of the specimen."""

    item: EventRequest
    event: ConsentEvent
    region: str | None
    zone: str


class PlainAct:
    """Makes the records of one act's rows, within one request.

    Args:
        common: What they have in common.
        id_key: The deployment's key for ids.
        traceparent: W3C trace context of the request.

    Attributes:
        action: What every row says.
    """

    def __init__(self, common: Common, id_key: bytes, traceparent: str | None) -> None:
        fact = common.event.fact
        self.action: Final = fact.action
        self._region = common.region
        self._zone = common.zone
        self._precision = Precision(common.item.precision)
        self._accepted_at_ms, self._margin_ms = fact.accepted_at_ms, fact.margin_ms
        dated = fact._replace(
            occurred_at_ms=fact.accepted_at_ms, precision=self._precision, zone=self._zone
        )
        self._is_datable = fact_defect(dated) is None
        self._evidence = decode_evidence(common.event.evidence)
        nonce = nonce_of(fact, Named(common.item.nonce), "")
        self._ids = EventIds(id_key, fact.source, fact.action, fact.scope, nonce)
        self._headers = event_headers(common.event, traceparent)
        self._rest = encode_rest(fact, common.event.recorded_at_ms)
        undated = (fact.occurred_at_ms, fact.occurred_at_set_by, fact.precision, fact.zone)
        self._dates: dict[str | None, bytes | None] = {None: encode_date(*undated)}
        self._words: dict[tuple[str | None, str | None], bytes | None] = {}

    def record_of(self, row: Row) -> tuple[bytes, NewRecord] | None:
        """Return a row's event id and record, or None if the row is not plain."""
        _, number, time, words, ref = row
        if not (isinstance(number, str) and _is_text(time) and _is_text(words) and _is_text(ref)):
            return None
        date, common = self._date(time), self._common_evidence(words, ref)
        found = normalise(number, self._region)
        if date is None or common is None or isinstance(found, Quarantined):
            return None
        try:
            evidence = with_number(common, number)
        except UnicodeEncodeError:  # half a character, which JSON can spell
            return None
        event_id = self._ids.of(ref or "", found.subject)
        subject, rest = found.subject.encode(), self._rest
        after = rest.after if words is None else rest.after_proved
        value = encode_row(subject, event_id, rest.before, date, after, evidence)
        return event_id, NewRecord(subject, value, with_id(self._headers, event_id))

    def _date(self, time: str | None) -> bytes | None:
        """Return a row's date as it is encoded; None for one that needs a closer look."""
        if time not in self._dates:
            self._dates[time] = self._new_date(time or "")
        return self._dates[time]

    def _new_date(self, time: str) -> bytes | None:
        if len(time) > _MOST_TIME:
            return None
        try:
            at_ms, encoded = _read_date(time, self._zone, self._precision)
        except ValueError:
            return None
        # The other bounds of a fact's date, those of the calendar, are wider than these two.
        is_sound = self._is_datable and not is_ahead(at_ms, self._accepted_at_ms, self._margin_ms)
        return encoded if is_sound else None

    def _common_evidence(self, words: str | None, ref: str | None) -> bytes | None:
        """Return a row's evidence but for its number; None for one that needs a closer look."""
        key = words, ref
        if key not in self._words:
            self._words[key] = self._new_evidence(words, ref)
        return self._words[key]

    def _new_evidence(self, words: str | None, ref: str | None) -> bytes | None:
        if len(words or "") > _MOST_WORDS or ref == "" or len(ref or "") > MAX_REF:
            return None
        said = self._evidence.verbatim if words is None else words
        try:
            return encode_common(replace(self._evidence, verbatim=said, source_ref=ref))
        except UnicodeEncodeError:
            return None


def common_of(
    act: Mapping[str, Any], acceptor: Acceptor, principal: Principal, offset_ms: int | None
) -> Common | None:
    """Ask the way of every act what becomes of one with a number that is in order, and no date.

    Args:
        act: The act as it came.
        acceptor: That way.
        principal: Who states it.
        offset_ms: How far the source's clock was measured to be off.

    Returns:
        What the rows of the act share; None if each has to be looked at, because even the specimen
        is turned away, reviewed, held instead, or late by its clock.
    """
    try:
        item = EventRequest.model_validate({"number": _SPECIMEN, **act})
    except ValidationError:
        return None
    if item.hold_kind == HoldKind.NOT_NOW.value:  # how long it may last depends on the number
        return None
    found = acceptor.accept(item, principal, Reception(b"", offset_ms=offset_ms))
    if found.event is None or found.review is not None or found.event.fact.clock_wrong:
        return None
    source = principal.source
    return Common(item, found.event, item.region or source.region, item.zone or source.zone)


def _is_text(value: object) -> TypeGuard[str | None]:
    return value is None or isinstance(value, str)
