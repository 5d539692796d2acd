"""The monotone reader: whatever arrives in whatever order, nothing it says goes backwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.protocol.reader import Freshness, MonotoneReader, Outcome, freshness
from consentlog.wire.build import Progress
from consentlog.wire.states import StateRecord, progress_subject

NOBODY = bytes(16)
NOW = 1_800_000_000_000


def state(as_of: int, epoch: int = 0, subject: str = "+8613800138000") -> StateRecord:
    return StateRecord(subject, as_of, NOBODY, log_epoch=epoch)


def progress(as_of: int, through: int, level_at_ms: int, epoch: int = 0) -> StateRecord:
    part = Progress(through, level_at_ms, bytes(32))
    return StateRecord(progress_subject(0), as_of, NOBODY, log_epoch=epoch, progress=part)


def test_a_record_below_an_applied_one_is_dropped() -> None:
    reader = MonotoneReader()
    assert reader.apply(state(7)) is Outcome.APPLIED
    assert reader.apply(state(6)) is Outcome.DROPPED
    assert reader.position == (0, 7)


def test_a_record_at_the_same_position_is_applied_because_owners_rewrite_there() -> None:
    reader = MonotoneReader()
    reader.apply(state(7))
    assert reader.apply(state(7)) is Outcome.APPLIED


def test_progress_of_a_zombie_does_not_refresh_the_view() -> None:
    reader = MonotoneReader()
    reader.apply(state(7))
    assert reader.apply(progress(6, 6, NOW)) is Outcome.DROPPED
    assert reader.level_at_ms == 0


def test_progress_never_takes_back_what_an_earlier_one_said() -> None:
    reader = MonotoneReader()
    reader.apply(progress(7, 7, NOW))
    reader.apply(progress(7, 5, NOW - 1))
    assert (reader.folded_through, reader.level_at_ms) == (7, NOW)


def test_a_raised_epoch_starts_anew_and_is_stale_until_its_owner_reports() -> None:
    reader = MonotoneReader()
    reader.apply(progress(100, 100, NOW))
    assert reader.apply(state(3, epoch=1)) is Outcome.APPLIED
    assert not reader.has(100)
    assert freshness(reader.level_at_ms, NOW) is Freshness.STALE
    assert reader.apply(progress(200, 200, NOW, epoch=0)) is Outcome.DROPPED


@pytest.mark.parametrize(
    ("offset", "visible"), [(0, True), (7, True), (9, True), (10, False)], ids=str
)
def test_a_token_is_visible_by_position_or_by_progress(offset: int, visible: bool) -> None:
    reader = MonotoneReader()
    reader.apply(progress(7, 9, NOW))
    assert reader.has(offset) is visible


def test_nothing_is_visible_before_the_first_record() -> None:
    assert not MonotoneReader().has(0)


@pytest.mark.parametrize(
    ("age_ms", "expected"),
    [
        (0, Freshness.FRESH),
        (15_000, Freshness.FRESH),
        (15_001, Freshness.STALE),
        (-2_000, Freshness.FRESH),
        (-2_001, Freshness.CLOCK_SKEW),
        (NOW, Freshness.STALE),
    ],
)
def test_freshness_has_both_bounds(age_ms: int, expected: Freshness) -> None:
    assert freshness(NOW - age_ms, NOW) is expected


small = st.integers(0, 20)
epochs = st.integers(0, 2)
records = st.one_of(
    st.builds(state, small, epochs),
    st.builds(progress, small, small, st.integers(0, 5).map(lambda s: NOW + s), epochs),
)


@given(st.lists(records, max_size=60))
def test_no_interleaving_moves_a_reader_backwards(trace: list[StateRecord]) -> None:
    reader = MonotoneReader()
    best: tuple[int, int] = (-1, -1)
    for record in trace:
        before = (reader.log_epoch, reader.as_of, reader.folded_through, reader.level_at_ms)
        outcome = reader.apply(record)
        assert (outcome is Outcome.APPLIED) == (record.position >= best)
        best = max(best, record.position)
        assert reader.position == best
        if reader.log_epoch == before[0]:
            assert reader.as_of >= before[1]
            assert reader.folded_through >= before[2]
            assert reader.level_at_ms >= before[3]


@given(st.lists(records, max_size=60), small)
def test_a_visible_token_stays_visible_within_its_epoch(
    trace: list[StateRecord], offset: int
) -> None:
    reader = MonotoneReader()
    seen_in = None
    for record in trace:
        reader.apply(record)
        if reader.has(offset):
            seen_in = reader.log_epoch
        elif seen_in is not None:
            assert reader.log_epoch > seen_in
            seen_in = None
