"""Rows that share most of an event are encoded as the events that they are."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.ids import EventIds, event_id
from consentlog.wire.event_rows import (
    encode_common,
    encode_date,
    encode_rest,
    encode_row,
    with_number,
)
from consentlog.wire.events import encode_event
from consentlog.wire.evidence import Evidence, encode_evidence
from consentlog.wire.headers import event_headers, with_id
from tests.support.histories import NUMBER, facts

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
EVIDENCE = st.builds(
    Evidence,
    **{field.name: st.none() | TEXT for field in fields(Evidence) if field.type == "str | None"},
    recording_sha256=st.none() | st.binary(min_size=32, max_size=32),
    recording_offset_ms=st.none() | st.integers(0, 2**53),
)
TIMES = st.none() | st.integers(0, 2**41)


@settings(max_examples=300)
@given(facts(), EVIDENCE, TEXT, TIMES)
def test_a_row_is_encoded_as_the_event_that_it_is(
    fact: Fact, evidence: Evidence, number: str, recorded_at_ms: int | None
) -> None:
    whole = encode_evidence(replace(evidence, raw_number=number))
    assert with_number(encode_common(evidence), number) == whole
    event = ConsentEvent(NUMBER, fact, recorded_at_ms, "", whole)
    other = fact._replace(event_id=b"another\x00 16 bytes", occurred_at_ms=None, zone=None)
    rest = encode_rest(other, recorded_at_ms)
    date = encode_date(fact.occurred_at_ms, fact.occurred_at_set_by, fact.precision, fact.zone)
    own = (NUMBER.encode(), fact.event_id, rest.before, date)
    assert encode_row(*own, rest.after, whole) == encode_event(event)
    proved = event._replace(fact=fact._replace(has_evidence=True))
    assert encode_row(*own, rest.after_proved, whole) == encode_event(proved)


@given(facts(), st.binary(min_size=16, max_size=16))
def test_headers_differ_in_the_id_alone(fact: Fact, other: bytes) -> None:
    of_other = event_headers(ConsentEvent(NUMBER, fact._replace(event_id=other)))
    assert with_id(of_other, fact.event_id) == event_headers(ConsentEvent(NUMBER, fact))


@given(facts(), TEXT, TEXT)
def test_ids_of_many_are_the_ids_of_each(fact: Fact, ref: str, nonce: str) -> None:
    ids = EventIds(b"key", fact.source, fact.action, fact.scope, nonce)
    for one in (ref, ""):
        alone = event_id(b"key", fact.source, one, NUMBER, fact.action, fact.scope, nonce)
        assert ids.of(one, NUMBER) == alone
