from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from processors.transport.batch import Batch, runs
from processors.transport.ownership import Ownership


@given(st.lists(st.integers(0, 30), max_size=25), st.integers(0, 30))
def test_runs_cover_every_record_and_every_missing_offset_once(
    offsets: list[int], expected: int
) -> None:
    known, at = expected, 0
    for run in runs(offsets, expected):
        assert run.begin == at
        if run.begin == run.end:
            # A hole begins exactly where knowledge ends, and a record follows it at once.
            assert run.first_offset == known < run.next_offset == offsets[at]
        else:
            assert offsets[run.begin : run.end] == list(range(run.first_offset, run.next_offset))
            assert run.first_offset <= known
        at, known = run.end, max(known, run.next_offset)
    assert at == len(offsets)
    assert known == max([expected, *(o + 1 for o in offsets)])


def test_contiguous_records_are_one_run() -> None:
    (run,) = runs([5, 6, 7], 5)
    assert (run.first_offset, run.next_offset, run.begin, run.end) == (5, 8, 0, 3)


def test_equal_counts_of_repeats_and_gaps_do_not_hide_each_other() -> None:
    assert [(r.first_offset, r.next_offset, r.end - r.begin) for r in runs([5, 5, 7], 5)] == [
        (5, 6, 1),
        (5, 6, 1),
        (6, 7, 0),
        (7, 8, 1),
    ]


def test_a_batch_is_records_or_a_hole() -> None:
    assert Batch(Ownership("t", 3, 0), 4, 9).hole == (4, 8)
    assert Batch(Ownership("t", 3, 0), 4, 9).partition == 3
