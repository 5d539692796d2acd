from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import pytest
from confluent_kafka import Message

from processors.endings import LogTruncated
from processors.events_log import EventsLog
from processors.partition import NO_RECORD
from processors.truncation import Reported, check_end, check_reported, hash_of


class _Record:
    def value(self) -> bytes:
        return b"value"


class _Log(EventsLog):
    """Offsets 2 to 9 of one partition, all the same."""

    def __init__(self) -> None: ...

    def begins(self, partitions: Iterable[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, 2)

    def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, 10)

    def records_at(self, offsets: Mapping[int, int]) -> dict[int, Message]:
        return {p: cast(Message, _Record()) for p, offset in offsets.items() if offset != 7}


GOOD = hash_of(b"value")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Reported(0, 10, -1, NO_RECORD), "log_ends_before_position"),
        (Reported(0, 3, 10, GOOD), "log_ends_before_position"),
        (Reported(0, 3, 1, GOOD), "log_begins_after_position"),
        (Reported(0, 3, 5, hash_of(b"other")), "record_differs"),
        (Reported(0, 3, 7, GOOD), "record_differs"),
    ],
)
def test_another_log_is_refused(said: Reported, reason: str) -> None:
    with pytest.raises(LogTruncated, match="CL-3301") as caught:
        check_reported(_Log(), [Reported(1, 9, 5, GOOD), said])
    assert caught.value.reason == reason


def test_the_same_log_is_not() -> None:
    check_reported(_Log(), [Reported(0, 9, 9, GOOD), Reported(1, -1, -1, NO_RECORD)])
    check_reported(_Log(), [Reported(0, 9, 7, NO_RECORD)])


def test_an_end_below_what_was_folded_is_refused() -> None:
    check_end(0, 10, 10)
    with pytest.raises(LogTruncated):
        check_end(0, 11, 10)
