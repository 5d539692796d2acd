"""An unknown word, an unknown version, an event without subject or action: held, never ignored."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from consentlog.domain.derive import derive
from consentlog.domain.events import ConsentEvent
from consentlog.domain.state import EMPTY, evolve
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from consentlog.kafka.partition import partition_of
from consentlog.ports import Record
from consentlog.wire.events import encode_event
from consentlog.wire.reviews import ReviewReason
from processors.held import Unsound, hold_of, judge, review_of
from tests.support.histories import NOON_MS, NUMBER, event, held, refused

KEY = NUMBER.encode()
PLACE = partition_of(KEY, 12)
SOUND = encode_event(event(refused(1)))
NEVER_A_SYMBOL = 0x7E
"""Index 63, zigzag: far beyond every enum's symbols."""

ENUMS: dict[str, type[StrEnum]] = {
    "action": Action,
    "basis": Basis,
    "purpose": Purpose,
    "channel": Channel,
    "occurred_at_set_by": SetBy,
    "precision": Precision,
    "hold_kind": HoldKind,
    "method": Method,
    "actor_type": ActorType,
}
MUST_BE_KNOWN = (
    {"action": Action.UNKNOWN},
    {"purpose": Purpose.UNKNOWN},
    {"channel": Channel.UNKNOWN},
    {"precision": Precision.UNKNOWN},
    {"action": Action.HELD, "hold_kind": HoldKind.UNKNOWN},
)


def held_for(value: bytes) -> Unsound:
    """Judge a value; checks that its number is held over every scope, with a case that says why."""
    found = judge(PLACE, KEY, value)
    assert isinstance(found, Unsound), found
    assert (found.subject, found.reason) == (NUMBER, ReviewReason.UNDECODABLE)
    record = Record("t", PLACE, 7, NOON_MS, KEY, value)
    (hold,) = derive(evolve(EMPTY, hold_of(record)).facts).holds
    assert (hold.kind, hold.scope.entity, hold.scope.purpose) == (
        HoldKind.UNDECODABLE,
        "*",
        Purpose.ALL,
    )
    assert hold.until_ms is None
    review = review_of(record, found)
    assert (review.subject, review.kafka_offset, review.payload) == (NUMBER, 7, value)
    assert review.detail
    return found


@pytest.mark.parametrize("field", ENUMS)
def test_a_symbol_that_a_newer_schema_may_have(field: str) -> None:
    first, second = list(ENUMS[field])[1:3]
    words: list[dict[str, Any]] = [{field: first}, {field: second}]
    one, other = (encode_event(event(held(1)._replace(**fields))) for fields in words)
    (at,) = [n for n, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
    held_for(one[:at] + bytes([NEVER_A_SYMBOL]) + one[at + 1 :])


@pytest.mark.parametrize("fields", MUST_BE_KNOWN, ids=str)
def test_a_word_that_is_unknown_where_the_fold_needs_it(fields: dict[str, Any]) -> None:
    held_for(encode_event(event(refused(1, at_ms=NOON_MS)._replace(**fields))))


@pytest.mark.parametrize("schema_id", [0, 2, 99, 2**31])
def test_another_version_of_the_schema(schema_id: int) -> None:
    if SOUND[1:5] != (framed := schema_id.to_bytes(4, "big")):
        held_for(SOUND[:1] + framed + SOUND[5:])


@pytest.mark.parametrize("subject", ["", "13800138000", "+16502530000"])
def test_an_event_without_its_subject(subject: str) -> None:
    held_for(encode_event(ConsentEvent(subject, refused(1))))


@pytest.mark.parametrize("action", [Action.HOLD_RELEASED, Action.CORRECTED, Action.APPROVED])
def test_an_event_that_names_no_other_although_it_must(action: Action) -> None:
    assert "target" in held_for(encode_event(event(refused(1, action=action)))).detail


@pytest.mark.parametrize("value", [None, b"", b"\x00", SOUND[:5], SOUND[:-1], SOUND + b"\x00"])
def test_bytes_that_are_no_event(value: bytes | None) -> None:
    assert isinstance(judge(PLACE, KEY, value), Unsound)
