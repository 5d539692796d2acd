"""Reading the log again: an answer only when the range was seen to its end."""

from __future__ import annotations

from typing import Any, cast

import pytest
from confluent_kafka import Consumer, KafkaError

from consentlog.errors import TransientError
from sinks import log
from sinks.log import KafkaLog


class _End:
    """The end of the partition as a consumer reports it."""

    def __init__(self, offset: int, code: int = KafkaError._PARTITION_EOF) -> None:
        self._offset = offset
        self._code = code

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def error(self) -> KafkaError:
        return KafkaError(self._code)


class _Consumer:
    def __init__(self, *messages: _End) -> None:
        self._messages = list(messages)

    def get_watermark_offsets(self, *_args: Any, **_kwargs: Any) -> tuple[int, int]:
        return 0, 20

    def assign(self, _where: object) -> None: ...

    def unassign(self) -> None: ...

    def consume(self, _count: int, _wait_s: float) -> list[_End]:
        return [self._messages.pop(0)] if self._messages else []


def _read(monkeypatch: pytest.MonkeyPatch, *messages: _End) -> list[Any]:
    consumer = cast(Consumer, _Consumer(*messages))
    monkeypatch.setattr(log, "build_reader", lambda *_args: consumer)
    monkeypatch.setattr(log, "_STALL_SECONDS", 0.05)
    return list(KafkaLog("nowhere", "events").read(0, 10, 19))


def test_offsets_that_a_whole_log_lacks_are_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _read(monkeypatch, _End(20)) == []


def test_an_end_below_the_range_is_no_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _read(monkeypatch, _End(15), _End(20)) == []
    with pytest.raises(TransientError):
        _read(monkeypatch, _End(15))


def test_a_log_that_changed_meanwhile_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TransientError):
        _read(monkeypatch, _End(10, KafkaError._AUTO_OFFSET_RESET))
