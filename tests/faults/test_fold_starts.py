"""Sixteen healthy starts of three workers on a backlog: nothing dropped, nothing stuck."""

from __future__ import annotations

from pathlib import Path

import pytest

from consentlog.kafka.topics import create_topics
from tests.support.fold_bench import FoldBench, acts, numbers

pytestmark = [pytest.mark.faults, pytest.mark.integration, pytest.mark.timeout(900)]

STARTS = 16


def test_three_workers_start_on_a_backlog_without_guard_exit_or_stall(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    for start in range(STARTS):
        prefix = f"{topic_prefix}{start}."
        create_topics(kafka, prefix)
        folder = tmp_path / str(start)
        folder.mkdir()
        bench = FoldBench(kafka, prefix, folder)
        bench.append(acts(600, numbers(120), seed=start + 1))
        try:
            workers = [bench.start() for _ in range(3)]
            bench.append(acts(300, numbers(120), seed=start + 100))
            bench.wait_folded(90)
            assert [w.process.poll() for w in workers] == [None] * 3
            assert bench.states() == bench.truth()
        finally:
            bench.close()
