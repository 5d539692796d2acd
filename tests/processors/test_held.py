from __future__ import annotations

import pytest

from consentlog.domain.derive import derive
from consentlog.domain.events import ConsentEvent
from consentlog.domain.state import EMPTY, evolve
from consentlog.domain.vocabulary import Action, HoldKind, Purpose
from consentlog.kafka.partition import partition_of
from consentlog.ports import Record
from consentlog.wire.events import encode_event
from consentlog.wire.reviews import ReviewReason, decode_review, encode_review
from processors.held import Unsound, hold_of, judge, review_of
from tests.support.histories import NOON_MS, NUMBER, event, refused

KEY = NUMBER.encode()
PLACE = partition_of(KEY, 12)
SOUND = encode_event(event(refused(1)))


def test_a_sound_record_is_its_event() -> None:
    judged = judge(PLACE, KEY, SOUND)
    assert isinstance(judged, ConsentEvent)
    assert (judged.subject, judged.fact) == (NUMBER, refused(1))


@pytest.mark.parametrize(
    ("key", "value", "partition", "reason"),
    [
        (KEY, b"junk", PLACE, ReviewReason.UNDECODABLE),
        (KEY, None, PLACE, ReviewReason.UNDECODABLE),
        (KEY, SOUND + b"x", PLACE, ReviewReason.UNDECODABLE),
        (KEY, SOUND, (PLACE + 1) % 12, ReviewReason.MISPLACED),
        (b"nobody", SOUND, PLACE, ReviewReason.NO_SUBJECT),
        (None, SOUND, PLACE, ReviewReason.NO_SUBJECT),
        (
            KEY,
            encode_event(event(refused(1, action=Action.CORRECTED))),
            PLACE,
            ReviewReason.UNDECODABLE,
        ),
        (
            KEY,
            encode_event(event(refused(1, purpose=Purpose.UNKNOWN))),
            PLACE,
            ReviewReason.UNDECODABLE,
        ),
        (
            KEY,
            encode_event(ConsentEvent("+16502530000", refused(1))),
            PLACE,
            ReviewReason.UNDECODABLE,
        ),
    ],
)
def test_what_cannot_be_folded_has_a_reason(
    key: bytes | None, value: bytes | None, partition: int, reason: ReviewReason
) -> None:
    judged = judge(partition, key, value)
    assert isinstance(judged, Unsound)
    assert judged.reason is reason
    assert (judged.subject is None) == (reason is ReviewReason.NO_SUBJECT)
    assert NUMBER[3:] not in judged.detail


def test_a_replay_names_the_same_hold_and_the_same_case() -> None:
    record = Record("t", PLACE, 7, NOON_MS, KEY, b"junk")
    copied = record._replace(topic="copy", offset=9, append_ms=NOON_MS + 1)
    unsound = Unsound(NUMBER, ReviewReason.UNDECODABLE, "why")
    assert hold_of(record).event_id == hold_of(copied).event_id
    assert review_of(record, unsound).review_id == review_of(copied, unsound).review_id
    once = evolve(EMPTY, hold_of(record))
    assert evolve(once, hold_of(copied)) is once


def test_the_hold_has_no_end_and_covers_everything() -> None:
    held = hold_of(Record("t", PLACE, 7, NOON_MS, KEY, b"junk"))
    (hold,) = derive(evolve(EMPTY, held).facts).holds
    assert (hold.kind, hold.scope.entity, hold.until_ms) == (HoldKind.UNDECODABLE, "*", None)


def test_the_case_names_the_place_in_the_log() -> None:
    record = Record("t", PLACE, 7, NOON_MS, KEY, b"junk")
    review = review_of(record, Unsound(NUMBER, ReviewReason.UNDECODABLE, "why"))
    again = decode_review(encode_review(review))
    assert (again.topic, again.partition, again.kafka_offset) == ("t", PLACE, 7)
    assert (again.payload, again.opened_at_ms) == (b"junk", NOON_MS)


def test_the_case_names_its_hold_if_there_is_one() -> None:
    record = Record("t", PLACE, 7, NOON_MS, KEY, b"junk")
    held = review_of(record, Unsound(NUMBER, ReviewReason.UNDECODABLE, "why"))
    assert held.event_id == hold_of(record).event_id
    assert review_of(record, Unsound(None, ReviewReason.NO_SUBJECT, "why")).event_id is None
