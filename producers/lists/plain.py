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
from consentlog.domain.facts import Fact
from consentlog.domain.ids import EventIds, Named, nonce_of
from consentlog.domain.stated import instant_ms, is_ahead
from consentlog.domain.vocabulary import HoldKind, Precision, SetBy
from consentlog.http.auth import Principal
from consentlog.numbers.normalise import Quarantined, normalise
from consentlog.ports import NewRecord
from consentlog.wire.event_rows import encode_common, encode_rest, encode_row, with_number
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
_read_time = lru_cache(1 << 14)(instant_ms)


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
    """

    def __init__(self, common: Common, id_key: bytes, traceparent: str | None) -> None:
        self._region = common.region
        self._zone = common.zone
        self._precision = Precision(common.item.precision)
        self._fact = fact = common.event.fact
        self._recorded_at_ms = common.event.recorded_at_ms
        self._evidence = decode_evidence(common.event.evidence)
        nonce = nonce_of(fact, Named(common.item.nonce), "")
        self._ids = EventIds(id_key, fact.source, fact.action, fact.scope, nonce)
        self._headers = event_headers(common.event, traceparent)
        self._rests: dict[tuple[str | None, bool], bytes | None] = {}
        self._words: dict[tuple[str | None, str | None], bytes] = {}

    @property
    def fact(self) -> Fact:
        """What every row says, but for its id and date."""
        return self._fact

    def record_of(self, row: Row) -> tuple[bytes, NewRecord] | None:
        """Return a row's event id and record, or None if the row is not plain."""
        _, number, time, words, ref = row
        if (
            not isinstance(number, str)
            or not _is_text(time, _MOST_TIME)
            or not _is_text(words, _MOST_WORDS)
            or not _is_text(ref, MAX_REF)
            or ref == ""
        ):
            return None
        found = normalise(number, self._region)
        proves = words is not None
        if isinstance(found, Quarantined) or (rest := self._rest(time, proves=proves)) is None:
            return None
        try:
            evidence = with_number(self._common_evidence(words, ref), number)
        except UnicodeEncodeError:  # half a character, which JSON can spell
            return None
        event_id = self._ids.of(ref or "", found.subject)
        value = encode_row(found.subject, event_id, rest, evidence)
        headers = with_id(self._headers, event_id)
        return event_id, NewRecord(found.subject.encode(), value, headers)

    def _rest(self, time: str | None, *, proves: bool) -> bytes | None:
        key = time, proves
        if key not in self._rests:
            fact = self._dated(time)
            if fact is not None and proves:
                fact = fact._replace(has_evidence=True)
            self._rests[key] = None if fact is None else encode_rest(fact, self._recorded_at_ms)
        return self._rests[key]

    def _dated(self, time: str | None) -> Fact | None:
        """Return the fact with its date; None for one that needs a closer look."""
        if time is None:
            return self._fact
        try:
            at_ms = _read_time(time, self._zone, self._precision, later=True)
        except ValueError:
            return None
        fact = self._fact._replace(
            occurred_at_ms=at_ms,
            occurred_at_set_by=SetBy.SOURCE,
            precision=self._precision,
            zone=self._zone,
        )
        if is_ahead(at_ms, fact.accepted_at_ms, fact.margin_ms) or fact_defect(fact):
            return None
        return fact

    def _common_evidence(self, words: str | None, ref: str | None) -> bytes:
        key = words, ref
        if key not in self._words:
            said = self._evidence.verbatim if words is None else words
            evidence = replace(self._evidence, verbatim=said, source_ref=ref)
            self._words[key] = encode_common(evidence)
        return self._words[key]


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


def _is_text(value: object, most: int) -> TypeGuard[str | None]:
    return value is None or (isinstance(value, str) and len(value) <= most)
