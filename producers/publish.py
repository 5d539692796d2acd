"""The log over librdkafka: a position only after the broker acknowledged, an error after 5 s."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consentlog.errors import TransientError
from consentlog.observability.logging import get_logger
from consentlog.ports import Delivered, Position

ACKNOWLEDGED_WITHIN_S: Final = 5.0
"""After this a caller is told 503; a caller that waits longer has given up by itself."""
_POLL_S: Final = 0.1
_ASK_EVERY_S: Final = 1.0
_EXIT_FATAL: Final = 70

log = get_logger(__name__)


class KafkaEventLog:
    """One producer, one thread that polls it, one future per record.

    Args:
        producer: From `consentlog.kafka.producer`.
        topic: A topic whose metadata tells whether the log can be reached.
        deadline_s: Longest wait for an acknowledgement.
    """

    def __init__(
        self, producer: Producer, topic: str, deadline_s: float = ACKNOWLEDGED_WITHIN_S
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._deadline_s = deadline_s
        self._stopping = threading.Event()
        self._reachable = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="producer-poll", daemon=True)

    def start(self) -> None:
        """Start polling; before this nothing is ever acknowledged."""
        self._thread.start()

    def close(self) -> None:
        """Wait for what is under way, at most one deadline, and stop polling."""
        self._producer.flush(self._deadline_s)
        self._stopping.set()
        self._thread.join()

    @property
    def is_reachable(self) -> bool:
        """Whether the last thing that was tried with the brokers worked."""
        return self._reachable.is_set()

    async def append(
        self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> Delivered:
        """Append one record; see `consentlog.ports.EventLog`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Position] = loop.create_future()

        def delivered(error: KafkaError | None, message: Message) -> None:
            # A loop that has ended has nobody left who waits; the record is in the log anyway.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, future, self._result(error, message))

        try:
            self._producer.produce(topic, value, key, on_delivery=delivered, headers=list(headers))
            return Delivered(await asyncio.wait_for(future, self._deadline_s))
        except (BufferError, KafkaException, TimeoutError) as exc:
            self._reachable.clear()
            log.warning("append_not_acknowledged", topic=topic, reason=type(exc).__name__)
            raise TransientError("CL-7001", seconds=self._deadline_s) from exc

    def _result(self, error: KafkaError | None, message: Message) -> Position | KafkaException:
        if error is not None:
            return KafkaException(error)
        self._reachable.set()
        partition, offset = message.partition(), message.offset()
        if partition is None or offset is None:
            # A repeat that the broker had already, without saying where: durable, but a token made
            # up for it would be visible at once, before the refusal is. The caller tries again.
            return KafkaException(KafkaError(KafkaError._NO_OFFSET))
        return Position(partition, offset)

    def _poll(self) -> None:
        try:
            self._serve()
        except Exception as exc:  # noqa: BLE001  # the top of a thread: nobody above to handle it
            # Without this thread nothing is acknowledged ever again, while the process looks alive.
            log.critical("producer_poll_failed", reason=repr(exc))
            os._exit(_EXIT_FATAL)

    def _serve(self) -> None:
        asked = 0.0
        while not self._stopping.is_set():
            self._producer.poll(_POLL_S)
            if not self._reachable.is_set() and time.monotonic() - asked > _ASK_EVERY_S:
                self._ask()
                asked = time.monotonic()

    def _ask(self) -> None:
        try:
            found = self._producer.list_topics(self._topic, timeout=_ASK_EVERY_S).topics
        except KafkaException:
            return
        if found[self._topic].error is None:
            self._reachable.set()


def end_process(error: KafkaError) -> None:
    """End the process: an idempotent producer that failed fatally can never be used again."""
    log.critical("producer_failed_fatally", reason=error.str())
    os._exit(_EXIT_FATAL)


def _settle(future: asyncio.Future[Position], result: Position | KafkaException) -> None:
    if future.done():
        return
    if isinstance(result, KafkaException):
        future.set_exception(result)
    else:
        future.set_result(result)
