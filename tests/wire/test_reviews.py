"""Review events: every version is read, the newest is written."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest

from consentlog.errors import CodecError
from consentlog.wire.framing import schema_id_of
from consentlog.wire.reviews import (
    ReviewAction,
    ReviewEvent,
    ReviewReason,
    decode_review,
    encode_review,
)
from consentlog.wire.schemas import REVIEW_ID, REVIEW_V1_ID

OPENED = ReviewEvent(bytes(16), ReviewReason.UNKNOWN_SCOPE, 1_763_784_000_123, "desk")


def published(name: str) -> bytes:
    file = resources.files("schemas") / "examples" / f"{name}.hex"
    return bytes.fromhex(file.read_text("ascii"))


def test_a_case_of_version_1_has_neither_an_event_nor_an_instant_of_decision() -> None:
    value = published("review-event-v1.opened")
    assert schema_id_of(value) == REVIEW_V1_ID
    event = decode_review(value)
    assert (event.event_id, event.entity, event.decided_at_ms) == (None, None, None)
    assert (event.action, event.reason) == (ReviewAction.OPENED, ReviewReason.UNDECODABLE)
    assert (event.kafka_offset, event.payload, event.owner) == (42, b"\x00\x00", "compliance")


@pytest.mark.parametrize(
    "event",
    [
        OPENED,
        replace(OPENED, event_id=bytes(range(16)), entity="acme", reason=ReviewReason.TAKEOVER),
        replace(OPENED, action=ReviewAction.ASSIGNED, owner="legal-1"),
        replace(
            OPENED,
            action=ReviewAction.DECIDED,
            decision="refused",
            decided_by="compliance-1",
            decided_at_ms=OPENED.opened_at_ms + 1,
        ),
    ],
    ids=lambda event: f"{event.action} {event.reason}",
)
def test_what_is_written_is_read_again(event: ReviewEvent) -> None:
    value = encode_review(event)
    assert schema_id_of(value) == REVIEW_ID
    assert decode_review(value) == event


def test_another_record_is_no_review() -> None:
    with pytest.raises(CodecError):
        decode_review(published("watermark-v1.gateway"))
