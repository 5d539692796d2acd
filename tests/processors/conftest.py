"""One bench a test; its workers never outlive it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fold_bench import FoldBench


@pytest.fixture
def bench(kafka: str, topics: str, tmp_path: Path) -> Iterator[FoldBench]:
    made = FoldBench(kafka, topics, tmp_path)
    yield made
    made.close()
