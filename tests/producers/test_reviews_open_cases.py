"""Open cases lie on disk: no memory for each, a page that costs a page, a disk that may fail."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from consentlog.errors import TransientError
from consentlog.wire.reviews import ReviewEvent, ReviewReason, encode_review
from producers.reviews.book import ReviewBook
from producers.reviews.case import Case, Kind, Place
from producers.reviews.open_cases import FILE, OpenCases
from tests.support.histories import NOON_MS
from tests.support.reviews import record_of


def case(at: int, reason: ReviewReason = ReviewReason.NUMBER_NOT_VALID, **fields: object) -> Case:
    event = ReviewEvent(at.to_bytes(16), reason, NOON_MS + at, "care", payload=b"a row")
    event = replace(event, **fields)  # type: ignore[arg-type]  # names are the fields'
    return Case(event, event.owner)


def add(cases: OpenCases, *more: Case) -> None:
    for one in more:
        cases.add(one, encode_review(one.opened))


def test_the_file_is_for_its_owner_only_and_goes_with_the_process(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_bytes(b"of a process that was killed, and readable by all")
    file.chmod(0o644)
    cases = OpenCases(file)
    add(cases, case(1))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert cases.find((1).to_bytes(16)) == case(1)
    cases.close()
    assert list(tmp_path.iterdir()) == []


def test_what_came_in_is_not_in_the_memory(tmp_path: Path) -> None:
    book, count = ReviewBook(OpenCases(tmp_path / FILE)), 2000
    records = (record_of(case(at, payload=at.to_bytes(4) * 1000).opened, at) for at in range(count))
    book.apply(next(records))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for record in records:
        book.apply(record)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / count < 32  # bytes of each
    found = book.find((1999).to_bytes(16))
    assert isinstance(found, Case)
    assert found.opened.payload == (1999).to_bytes(4) * 1000
    book.close()


def steps_of(cases: OpenCases, ask: Callable[[], object]) -> int:
    """How many steps of its machine the database needs for an answer, in tens."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    assert cases._db is not None
    cases._db.set_progress_handler(step, 10)
    ask()
    cases._db.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("reason", [ReviewReason.NUMBER_NOT_VALID, ReviewReason.TAKEOVER])
def test_a_page_costs_the_same_however_many_cases_there_are(reason: ReviewReason) -> None:
    """Those of another kind, between which the wanted ones stand, cost nothing either."""

    def wanted(kind: Kind) -> bool:
        return kind.reason is reason

    cases, costs = OpenCases(), []
    add(cases, *(case(at, ReviewReason.TAKEOVER) for at in range(0, 100, 10)))
    for first, last in ((1000, 1100), (2000, 5000)):
        add(cases, *(case(at) for at in range(first, last)))
        costs.append(steps_of(cases, lambda: cases.page(wanted, Place(NOON_MS + 5, b""), 5)))
    assert len(cases.page(wanted, Place(NOON_MS + 5, b""), 5)) == 5
    assert costs[1] <= costs[0] + 2


def test_kinds_are_merged_in_the_order_of_age_and_follow_their_owner() -> None:
    cases = OpenCases()
    add(cases, case(3), case(1, ReviewReason.HOLE), case(2), case(4, source="desk"))

    def ids(
        wanted: Callable[[Kind], bool] = lambda _: True, after: Place | None = None
    ) -> list[int]:
        return [one.opened.review_id[-1] for one in cases.page(wanted, after, 9)]

    assert ids() == [1, 2, 3, 4]
    assert ids(after=case(2).place) == [3, 4]
    cases.assign((2).to_bytes(16), "legal-1")
    assert ids(lambda kind: kind.owner == "legal-1") == [2]
    assert ids(lambda kind: kind.owner == "compliance") == [1, 3, 4]
    assert sorted(cases.counts().values()) == [1, 1, 1, 1]
    assert cases.remove((2).to_bytes(16)) == replace(case(2), owner="legal-1").kind
    assert cases.remove((2).to_bytes(16)) is None
    assert ids() == [1, 3, 4]
    assert sorted(cases.counts().values()) == [1, 1, 1]


def test_a_full_disk_loses_no_case(tmp_path: Path) -> None:
    cases = OpenCases(tmp_path / FILE)
    book = ReviewBook(cases)
    book.apply(record_of(case(0).opened, 0))
    assert cases._db is not None
    (pages,) = cases._db.execute("PRAGMA page_count").fetchone()
    cases._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    large = record_of(case(1, payload=bytes(60_000)).opened, 1)
    for _ in range(2):
        with pytest.raises(TransientError, match="CL-1809"):
            book.apply(large)
        assert book.next_offset == 1
    assert [one.opened.review_id[-1] for one in book.open_cases()] == [0]
    cases._db.execute("PRAGMA max_page_count = 1000")
    book.apply(large)
    assert [one.opened.review_id[-1] for one in book.open_cases()] == [0, 1]
    assert sum(cases.counts().values()) == 2
    book.close()


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="CL-1809"):
        OpenCases(tmp_path / "missing" / FILE).find(bytes(16))
