"""What the gateway takes for an acknowledgement."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from confluent_kafka import Message, Producer

from consentlog.errors import TransientError
from consentlog.ports import Delivered, Position
from producers.publish import KafkaEventLog


class _Delivered:
    """Stands for a delivery report; a repeat that was there already has no offset."""

    def __init__(self, offset: int | None) -> None:
        self._offset = offset

    def partition(self) -> int:
        return 3

    def offset(self) -> int | None:
        return self._offset


class _Producer:
    def __init__(self, offset: int | None) -> None:
        self._offset = offset

    def produce(self, *_args: Any, on_delivery: Callable[..., None], **_kwargs: Any) -> None:
        on_delivery(None, cast(Message, _Delivered(self._offset)))


def _append(offset: int | None) -> Delivered:
    log = KafkaEventLog(cast(Producer, _Producer(offset)), "events", deadline_s=1)
    return asyncio.run(log.append("events", b"key", b"value", []))


def test_a_token_names_the_offset_of_the_record() -> None:
    assert _append(0) == Delivered(Position(3, 0))
    assert _append(7) == Delivered(Position(3, 7))


def test_no_token_is_made_up_where_the_broker_named_no_offset() -> None:
    with pytest.raises(TransientError):
        _append(None)


class _Broken:
    def poll(self, _timeout: float) -> int:
        raise RuntimeError("unexpected")

    def flush(self, _timeout: float) -> int:
        return 0


def test_a_poll_thread_that_fails_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("producers.publish.os._exit", ended.append)
    log = KafkaEventLog(cast(Producer, _Broken()), "events")
    log.start()
    log.close()
    assert ended == [70]
