"""The one way out: state and reviews to Kafka, each delivery counted, each failure an end.

One producer, so that the records of one partition are appended in the order in which they were
given here; the protocol of the state topic rests on that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, Message, Producer

from consentlog.kafka.self_fence import SelfFence
from consentlog.protocol.writer import Write
from consentlog.wire.reviews import ReviewEvent, encode_review
from processors.transport import Exit, ExitCode

OnDelivered = Callable[[Message], None]
"""Called on the delivery thread with the record as appended."""


class Outbox:
    """Sends, and calls back when the broker has it; ends the process when it will not.

    Args:
        producer: Idempotent producer.
        state_topic: Name with prefix.
        reviews_topic: Name with prefix.
        fence: Checked right before each send.
        exit_: Ends the process.
    """

    def __init__(
        self,
        producer: Producer,
        *,
        state_topic: str,
        reviews_topic: str,
        fence: SelfFence,
        exit_: Exit,
    ) -> None:
        self._producer = producer
        self._state_topic = state_topic
        self._reviews_topic = reviews_topic
        self._fence = fence
        self._exit = exit_

    def start(self) -> None:
        """Serve delivery reports on a thread of their own."""
        threading.Thread(target=self._poll, name="outbox", daemon=True).start()

    def state(self, partition: int, write: Write, on_delivered: OnDelivered) -> None:
        """Append one state record to the partition of the events it came from.

        Args:
            partition: Of the events and of the state topic alike.
            write: Key and value.
            on_delivered: Called on the outbox's thread once the broker has it; what is not
                delivered ends the process.
        """
        self._fence.check()
        self._producer.produce(
            self._state_topic,
            write.value,
            write.key,
            partition,
            on_delivery=self._reporting(on_delivered),
        )

    def states(self, partition: int, writes: Iterable[Write], on_delivered: OnDelivered) -> None:
        """Append many state records in order.

        Args:
            partition: As in `state`.
            writes: In the order in which they must lie in the partition.
            on_delivered: As in `state`; called once for each.
        """
        produce, check, topic = self._producer.produce, self._fence.check, self._state_topic
        report = self._reporting(on_delivered)
        for key, value in writes:
            check()
            produce(topic, value, key, partition, on_delivery=report)

    def review(self, review: ReviewEvent, on_delivered: OnDelivered) -> None:
        """Append one review event.

        Args:
            review: The case.
            on_delivered: As in `state`.
        """
        self._fence.check()
        self._producer.produce(
            self._reviews_topic,
            encode_review(review),
            review.review_id.hex().encode(),
            on_delivery=self._reporting(on_delivered),
        )

    def _reporting(self, on_delivered: OnDelivered) -> Callable[[KafkaError | None, Message], None]:
        def report(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                facts = {"topic": message.topic(), "error": error.str()}
                self._exit(ExitCode.UNEXPECTED, "not_delivered", facts)
            on_delivered(message)

        return report

    def _poll(self) -> None:
        try:
            while True:
                self._producer.poll(1)
        except Exception as exc:  # noqa: BLE001  # the top of a thread: nobody above to handle it
            self._exit(ExitCode.UNEXPECTED, "outbox_failed", {"error": repr(exc)})


class Countdown:
    """Runs something once a known number of deliveries has been made."""

    __slots__ = ("_finish", "_left")

    def __init__(self, left: int, finish: Callable[[], None]) -> None:
        self._left = left
        self._finish = finish

    def one(self, _message: Message) -> None:
        """Count one delivery; on the delivery thread."""
        self._left -= 1
        if not self._left:
            self._finish()
