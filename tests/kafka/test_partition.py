"""Our murmur2 against Java's published vectors and against librdkafka's own partitioner."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import DefaultPartitioner  # type: ignore[import-untyped]  # no py.typed

from consentlog.kafka.partition import murmur2, partition_of


@pytest.mark.parametrize(
    ("text", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_known_answers_of_kafkas_own_test(text: bytes, hashed: int) -> None:
    assert murmur2(text) == hashed & 0xFFFFFFFF


def test_agrees_with_another_implementation_on_numbers() -> None:
    partitions = list(range(12))
    choose = DefaultPartitioner()
    for n in range(7000):
        key = f"+861380{n:07d}".encode()
        assert partition_of(key, 12) == choose(key, partitions, partitions)
