"""Reads the own partitions of the state topic: up to their end at assignment, then on and on.

One reader for all owned partitions, on one thread; loading goes over into following at the end of
the partition without a gap between the two.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from consentlog.errors import TransientError
from consentlog.kafka.reader import build_reader
from consentlog.protocol.writer import PartitionWriter
from processors.transport import Exit, ExitCode
from processors.transport.faults import is_passing

Followed = list[tuple[bytes, bytes | None]]
_CHUNK = 1000
_TURN_SECONDS = 0.02
_FOLLOWING: Final = {
    # 10 ms, the reader's default, would ask the broker a hundred times a second for ever.
    "fetch.wait.max.ms": 50,
    # What is followed is mostly what this process wrote itself. Answered one by one it would cost
    # a turn of broker and interpreter just when the gate waits for the same record: 0.15 ms of it.
    "fetch.min.bytes": 65_536,
}


@dataclass(slots=True, eq=False)
class View:
    """One partition's reading.

    Attributes:
        partition: Its number.
        writer: Filled here until `on_loaded`, not touched here afterwards.
        on_loaded: Called once at the end of the partition.
        on_followed: Called with what appeared after that.
        progress_ms: Broker time, ms UTC, of the newest progress record; 0 = none.
    """

    partition: int
    writer: PartitionWriter
    on_loaded: Callable[[], None]
    on_followed: Callable[[Followed], None]
    progress_ms: int = 0
    loading: bool = True
    fresh: Followed = field(default_factory=list)


class StateReader:
    """Loads and follows.

    Args:
        bootstrap: Broker addresses.
        topic: State topic with prefix.
        stall_seconds: Longest time without any progress (not in all) while something loads.
        exit_: Ends the process.
    """

    def __init__(self, bootstrap: str, topic: str, stall_seconds: float, exit_: Exit) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._stall_seconds = stall_seconds
        self._exit = exit_
        self._views: dict[int, View] = {}
        self._commands: deque[tuple[View | None, int]] = deque()
        self._moved_at = 0.0

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="state-reader", daemon=True).start()

    def take(self, view: View) -> None:
        """Load a partition, then follow it. From any thread."""
        self._commands.append((view, view.partition))

    def drop(self, partition: int) -> None:
        """Stop following a partition. From any thread."""
        self._commands.append((None, partition))

    def _run(self) -> None:
        try:
            reader = build_reader(self._bootstrap, "consentlog.fold.views", **_FOLLOWING)
            while True:
                while self._commands:
                    view, partition = self._commands.popleft()
                    self._change(reader, view, partition)
                self._turn(reader.consume(_CHUNK, _TURN_SECONDS))
        except Exception as exc:  # noqa: BLE001  # the top of a thread: nobody above to handle it
            self._exit(ExitCode.UNEXPECTED, "state_reader_failed", {"error": repr(exc)})

    def _change(self, reader: Consumer, view: View | None, partition: int) -> None:
        where = [TopicPartition(self._topic, partition, OFFSET_BEGINNING)]
        if self._views.pop(partition, None) is not None:
            reader.incremental_unassign(where)
        if view is not None:
            self._views[partition] = view
            reader.incremental_assign(where)
            self._moved_at = time.monotonic()

    def _turn(self, messages: list[Message]) -> None:
        now = time.monotonic()
        for message in messages:
            view = self._views.get(message.partition() or 0)
            error = message.error()
            if view is None:
                continue
            if view.loading:
                # Not every message: the progress records of partitions followed already come each
                # second and would hide a loading that stands still for ever.
                self._moved_at = now
            if error is not None:
                self._on_error(view, error)
            elif view.loading:
                _load(view, message)
            else:
                view.fresh.append((message.key() or b"", message.value()))
        if now - self._moved_at > self._stall_seconds and self._is_loading():
            raise TransientError("CL-7003", topic=self._topic, reason="no progress")
        self._hand_over()

    def _is_loading(self) -> bool:
        return any(view.loading for view in self._views.values())

    def _hand_over(self) -> None:
        for view in self._views.values():
            if view.fresh:
                fresh, view.fresh = view.fresh, []
                view.on_followed(fresh)

    def _on_error(self, view: View, error: KafkaError) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            if view.loading:
                view.loading = False
                view.on_loaded()
        elif not is_passing(error):
            raise TransientError("CL-7003", topic=self._topic, reason=error.str())


def _load(view: View, message: Message) -> None:
    key = message.key() or b""
    if key.startswith(b"@progress/"):
        view.progress_ms = max(view.progress_ms, message.timestamp()[1])
    view.writer.load(key, message.value())
