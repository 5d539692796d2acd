"""The worker as a process on a real Kafka: its state is the pure fold of the log."""

from __future__ import annotations

import pytest

from consentlog.wire.reviews import ReviewReason
from tests.support.fold_bench import FoldBench, acts, numbers

pytestmark = pytest.mark.integration


def test_two_thousand_events_fold_as_the_log_says(bench: FoldBench) -> None:
    worker = bench.start()
    bench.wait_ready(worker)
    subjects = numbers(200)
    events = acts(2_000, subjects)
    bench.append(events[:1_000])
    bench.raw(subjects[3].encode(), b"not avro")
    bench.raw(subjects[4].encode(), None)
    bench.raw(b"nobody", b"\x00\x00\x00\x00\x01")
    bench.raw(b"+999000000", b"misplaced?", partition=0)
    bench.append(events[1_000:])
    bench.wait_folded()
    assert bench.states() == bench.truth()
    assert {review.reason for review in bench.reviews()} >= {
        ReviewReason.UNDECODABLE,
        ReviewReason.NO_SUBJECT,
    }
    assert worker.stop() == 0, worker.tail()
