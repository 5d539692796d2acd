"""The book: what it keeps of the review topic, and in which order it tells."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.ports import Record
from consentlog.wire.reviews import ReviewAction, ReviewEvent, ReviewReason
from producers.received import received
from producers.reviews.book import ReviewBook
from producers.reviews.case import UNREADABLE_SOURCE, Case, Decided, Place, Whose
from tests.support.histories import NOON_MS
from tests.support.reviews import record_of


def opened(at: int, opened_at_ms: int = NOON_MS, **fields: object) -> ReviewEvent:
    """A case with an id of its own."""
    event = ReviewEvent(
        bytes([at]) * 16, ReviewReason.UNKNOWN_SCOPE, opened_at_ms, "desk", payload=b"what came"
    )
    return replace(event, **fields)  # type: ignore[arg-type]  # names are the fields'


def decided(event: ReviewEvent, decision: str, by: str = "compliance-1") -> ReviewEvent:
    """The decision of a case."""
    return replace(
        event,
        action=ReviewAction.DECIDED,
        decision=decision,
        decided_by=by,
        decided_at_ms=NOON_MS + 5,
        payload=b"",
    )


def book_of(*events: ReviewEvent) -> ReviewBook:
    book = ReviewBook()
    for offset, event in enumerate(events):
        book.apply(record_of(event, offset))
    return book


def ids(book: ReviewBook, after: Place | None = None) -> list[int]:
    return [case.opened.review_id[0] for case in book.open_cases(after)]


def test_an_open_case_is_kept_whole() -> None:
    event = opened(1)
    book = book_of(event)
    assert book.find(event.review_id) == Case(event, "compliance")
    assert book.decision(event.review_id) is None
    assert book.find(bytes(16)) is None


def test_the_oldest_is_told_first_however_they_came() -> None:
    times = [(1, NOON_MS + 9), (2, NOON_MS), (3, NOON_MS + 9), (4, NOON_MS - 1)]
    book = book_of(*(opened(at, time) for at, time in times))
    assert ids(book) == [4, 2, 1, 3]
    assert ids(book, Place(NOON_MS, bytes([2]) * 16)) == [1, 3]
    assert ids(book, Place(NOON_MS, bytes([99]) * 16)) == [1, 3]


def test_more_cases_than_a_part_are_all_told() -> None:
    events = [replace(opened(1), review_id=at.to_bytes(16)) for at in range(600)]
    assert [case.opened for case in book_of(*events).open_cases()] == events


def test_of_a_decided_case_a_few_words_are_kept() -> None:
    event = opened(1)
    book = book_of(event, opened(2), decided(event, "refused"))
    assert book.find(event.review_id) == Decided(
        "refused",
        "compliance-1",
        NOON_MS + 5,
        "compliance",
        Whose(event.entity, event.source),
    )
    assert book.decision(event.review_id) == book.find(event.review_id)
    assert ids(book) == [2]


def test_the_first_decision_in_the_log_stands() -> None:
    event = opened(1)
    book = book_of(event, decided(event, "no_refusal", "a"), decided(event, "refused", "b"))
    found = book.decision(event.review_id)
    assert found is not None
    assert (found.decision, found.by) == ("no_refusal", "a")


def test_told_again_a_case_stays_as_it_is() -> None:
    event = opened(1)
    later = replace(event, opened_at_ms=NOON_MS + 1, detail="again")
    assert book_of(event, later).find(event.review_id) == Case(event, "compliance")
    assert ids(book_of(event, decided(event, "refused"), later)) == []


def test_a_case_may_be_decided_before_it_is_opened() -> None:
    """Where a log was put together from two spools."""
    event = opened(1)
    book = book_of(decided(event, "dismissed"), event)
    assert isinstance(book.find(event.review_id), Decided)
    assert ids(book) == []


def test_the_owner_is_who_was_named_last() -> None:
    event = opened(1)
    step = replace(event, action=ReviewAction.ASSIGNED, payload=b"", detail="")
    book = book_of(event, replace(step, owner="legal-1"), replace(step, owner="legal-2"))
    assert book.find(event.review_id) == Case(event, "legal-2")
    book.apply(record_of(decided(event, "refused"), 3))
    found = book.decision(event.review_id)
    assert found is not None
    assert found.owner == "legal-2"
    book.apply(record_of(replace(step, owner="legal-3"), 4))
    assert book.decision(event.review_id) == found


def test_nothing_is_kept_of_messages_that_were_only_received() -> None:
    messages = [
        received(
            b"k" * 32, source="sms", at_ms=NOON_MS, payload=bytes([at]), rule="none", subject=None
        )
        for at in range(50)
    ]
    book = book_of(*messages)
    assert ids(book) == []
    assert book.next_offset == 50
    assert not book._decided  # the bound is of memory


def test_a_decided_case_takes_few_bytes() -> None:
    """Words that stand in all of them are kept once."""
    events = [replace(opened(1), review_id=at.to_bytes(16)) for at in range(2)]
    book = book_of(*(decided(one, "".join(["refu", "sed"])) for one in events))
    first, second = (book.decision(one.review_id) for one in events)
    assert first is not None
    assert second is not None
    assert first.decision is second.decision
    assert sys.getsizeof(first) < 120


@pytest.mark.parametrize("value", [b"junk", None, b"\x00\x00\x00\x00\x06"], ids=str)
def test_a_record_that_does_not_decode_is_a_case_of_its_own(value: bytes | None) -> None:
    book = ReviewBook()
    book.apply(Record("review.events.v1", 0, 0, NOON_MS, b"key", value))
    sound = opened(1, NOON_MS + 1)
    book.apply(record_of(sound, 1))
    strange, known = book.open_cases()
    assert known.opened == sound
    assert (strange.opened.reason, strange.opened.source) == (
        ReviewReason.UNDECODABLE,
        UNREADABLE_SOURCE,
    )
    assert (strange.opened.topic, strange.opened.kafka_offset) == ("review.events.v1", 0)
    assert strange.opened.payload == (value or b"")
    book.apply(record_of(decided(strange.opened, "dismissed"), 2))
    assert [case.opened for case in book.open_cases()] == [sound]


def test_a_step_that_nobody_knows_is_a_case_of_its_own() -> None:
    (case,) = book_of(replace(opened(1), action=ReviewAction.UNKNOWN)).open_cases()
    assert case.opened.reason is ReviewReason.UNDECODABLE


def test_a_case_of_version_1_is_read() -> None:
    file = resources.files("schemas") / "examples" / "review-event-v1.opened.hex"
    book = ReviewBook()
    book.apply(Record("t", 0, 0, NOON_MS, b"k", bytes.fromhex(file.read_text("ascii"))))
    (case,) = book.open_cases()
    assert (case.opened.kafka_offset, case.opened.event_id) == (42, None)


def test_a_record_that_was_filed_changes_nothing() -> None:
    book = book_of(opened(1), opened(2))
    book.apply(record_of(opened(3), 1))
    assert (ids(book), book.next_offset) == ([1, 2], 2)


def test_who_wrote_waits_until_it_is_filed() -> None:
    book = ReviewBook()

    async def go() -> list[bool]:
        waiting = asyncio.create_task(book.applied(1, 5))
        await asyncio.sleep(0)
        await asyncio.to_thread(book.apply, record_of(opened(1), 0))
        is_early = waiting.done()
        await asyncio.to_thread(book.apply, record_of(opened(2), 1))
        return [is_early, await waiting, await book.applied(0, 0), await book.applied(2, 0.01)]

    assert asyncio.run(go()) == [False, True, True, False]
    assert not book._waiting  # nobody is waited for any more


STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("oad"), st.integers(0, 5)))


@given(STEPS)
def test_open_and_decided_are_apart_and_the_order_is_that_of_age(
    steps: list[tuple[int, str, int]],
) -> None:
    book = ReviewBook()
    for offset, (at, what, when) in enumerate(steps):
        event = opened(at, NOON_MS + when)
        step = {
            "o": event,
            "a": replace(event, action=ReviewAction.ASSIGNED, owner=f"o{when}"),
            "d": decided(event, f"d{when}"),
        }[what]
        book.apply(record_of(step, offset))
    cases = list(book.open_cases())
    assert [case.place for case in cases] == sorted(case.place for case in cases)
    for at in range(4):
        first = next((f"d{when}" for one, what, when in steps if (one, what) == (at, "d")), None)
        found = book.decision(bytes([at]) * 16)
        assert (None if found is None else found.decision) == first
        is_open = any(case.opened.review_id[0] == at for case in cases)
        assert is_open == (first is None and (at, "o") in [(one, what) for one, what, _ in steps])
