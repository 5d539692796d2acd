"""Every record has a row, and a row says what the record says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentlog.clickhouse.history_table import HISTORY_COLUMNS
from consentlog.domain.events import ConsentEvent
from consentlog.domain.vocabulary import Action
from consentlog.ports import Record
from consentlog.wire.events import encode_event
from consentlog.wire.evidence import Evidence, encode_evidence
from sinks.rows import row_of
from tests.support.histories import NOON_MS, event_id, facts, refused

NUMBER = "+8613800138000"
LEAF = "b5490fce9b998c5c750b3ead9c049b7bc0bdaf97a8e125e83b1a53fb51c6c064"
NOT_EVENTS = (None, b"", b"plain", b"\x00\x00\x00\x00\x01", b"\x00\x00\x00\x00\x63x")


def record(value: bytes | None, key: bytes | None = NUMBER.encode(), **fields: Any) -> Record:
    return Record("consent.events.v1", 3, 42, NOON_MS + 900, key, value)._replace(**fields)


def row(one: Record) -> dict[str, Any]:
    values = row_of(one)
    assert len(values) == len(HISTORY_COLUMNS)
    return dict(zip(HISTORY_COLUMNS, values, strict=True))


def test_golden_row_of_a_refusal() -> None:
    fact = refused(
        7, brand="acme-life", zone="Asia/Shanghai", margin_ms=300_000, accepted_at_ms=NOON_MS + 700
    )
    evidence = encode_evidence(Evidence(source_ref="call-7"))
    value = encode_event(ConsentEvent(NUMBER, fact, NOON_MS + 300, evidence=evidence))
    found = row(record(value, headers=(("ce_id", b"x"), ("n", None))))
    assert found.pop("leaf").hex() == LEAF
    assert found == {
        "kafka_topic": "consent.events.v1",
        "kafka_partition": 3,
        "kafka_offset": 42,
        "ingested_at": NOON_MS + 900,
        "kafka_key": NUMBER.encode(),
        "kafka_headers": [{"name": "ce_id", "value": b"x"}, {"name": "n", "value": None}],
        "kafka_value": value,
        "decoded": True,
        "defect": "",
        "subject": NUMBER,
        "event_id": event_id(7),
        "action": "refused",
        "basis": "objection",
        "entity": "acme",
        "brand": "acme-life",
        "campaign": None,
        "purpose": "marketing",
        "channel": "all",
        "occurred_at": NOON_MS,
        "occurred_at_set_by": "source",
        "precision": "instant",
        "zone": "Asia/Shanghai",
        "clock_wrong": False,
        "margin_ms": 300_000,
        "accepted_at": NOON_MS + 700,
        "until": None,
        "target": None,
        "hold_kind": "unknown",
        "source": "desk",
        "method": "spoken",
        "actor_id": "agent-7",
        "actor_type": "agent",
        "actor_role": "",
        "has_evidence": True,
        "recorded_at": NOON_MS + 300,
        "evidence_key_id": "",
        "evidence": evidence,
        "evidence_source_ref": "call-7",
    }


@pytest.mark.parametrize("value", NOT_EVENTS)
def test_what_does_not_decode_stands_as_it_is(value: bytes | None) -> None:
    found = row(record(value))
    assert (found["decoded"], found["kafka_value"], found["subject"]) == (False, value, NUMBER)
    assert found["defect"]
    assert found["event_id"] is None
    assert found["action"] == ""


@pytest.mark.parametrize("value", NOT_EVENTS)
def test_no_column_mixes_bytes_and_text(value: bytes | None) -> None:
    # The client takes the type of a column from its first value and cannot write another one.
    evidence = encode_evidence(Evidence(source_ref="call-7"))
    event = ConsentEvent(NUMBER, refused(), NOON_MS, evidence=evidence)
    decoded, other = row(record(encode_event(event))), row(record(value))
    for name in HISTORY_COLUMNS:
        types = {type(one[name]) for one in (decoded, other)}
        assert not {bytes, str} <= types, name


@pytest.mark.parametrize("key", [None, b"", b"x", b"\xff\xfe", "１３８".encode()])
def test_a_key_that_is_no_number_is_kept_and_named(key: bytes | None) -> None:
    found = row(record(encode_event(ConsentEvent(NUMBER, refused(), NOON_MS)), key))
    assert (found["kafka_key"], found["subject"]) == (key, NUMBER)
    assert found["defect"] == "the key is not the event's subject"
    assert row(record(b"", key))["subject"] == ""


@pytest.mark.parametrize("at_ms", [-(2**62), 2**62, 10_413_792_000_000])
def test_a_time_beyond_the_column_is_left_to_the_bytes(at_ms: int) -> None:
    value = encode_event(ConsentEvent(NUMBER, refused(occurred_at_ms=at_ms), NOON_MS))
    found = row(record(value))
    assert (found["decoded"], found["occurred_at"]) == (True, None)
    assert found["defect"] == "a time is out of range"


def test_an_action_that_the_fold_does_not_know_is_named() -> None:
    found = row(record(encode_event(ConsentEvent(NUMBER, refused(action=Action.CORRECTED), None))))
    assert (found["decoded"], found["action"]) == (True, "corrected")
    assert found["defect"]


@pytest.mark.parametrize(
    ("evidence", "key_id"), [(b"sealed", "k1"), (b"", ""), (b"rubbish", ""), (b"\0\0\0\0\2", "")]
)
def test_evidence_that_cannot_be_read_stays_bytes(evidence: bytes, key_id: str) -> None:
    event = ConsentEvent(NUMBER, refused(), None, evidence=evidence, evidence_key_id=key_id)
    found = row(record(encode_event(event)))
    assert (found["evidence"], found["evidence_source_ref"]) == (evidence, None)


@given(facts(), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_every_event_has_a_decoded_row(fact: Any, tail: bytes) -> None:
    value = encode_event(ConsentEvent(NUMBER, fact, None))
    assert row(record(value))["event_id"] == fact.event_id
    assert row(record(tail))["kafka_value"] == tail
    if tail:
        assert row(record(value + tail))["decoded"] is False
