"""Folds a batch: records in, state records and cases out; the hot path, and no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from confluent_kafka import Message

from consentlog.kafka.reader import record_of
from consentlog.observability.logging import get_logger
from consentlog.protocol.writer import PartitionWriter, Write
from consentlog.wire.reviews import ReviewEvent
from processors.held import Unsound, hold_of, judge, review_of
from processors.metrics import EVENTS_FOLDED, EVENTS_HELD

_log = get_logger(__name__)


@dataclass(slots=True)
class Folded:
    """What a batch came to, in log order."""

    writes: list[Write] = field(default_factory=list)
    reviews: list[ReviewEvent] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.writes) + len(self.reviews)


def fold_records(writer: PartitionWriter, records: Iterable[Message]) -> Folded:
    """Fold records of one partition.

    Args:
        writer: The partition's view and write rule.
        records: In log order.

    Returns:
        Everything that must be delivered before the records are acknowledged.
    """
    folded = Folded()
    add, partition, fold = folded.writes.append, writer.partition, writer.fold
    actions: Counter[str] = Counter()
    for message in records:
        judged = judge(partition, message.key(), message.value())
        if isinstance(judged, Unsound):
            _hold(writer, message, judged, folded)
            continue
        actions[judged.fact.action] += 1
        write = fold(message.offset() or 0, judged.subject, judged.fact)
        if write is not None:
            add(write)
    for action, count in actions.items():
        EVENTS_FOLDED.labels(action).inc(count)
    return folded


def _hold(writer: PartitionWriter, message: Message, unsound: Unsound, folded: Folded) -> None:
    record = record_of(message)
    if unsound.subject is None:
        writer.skip(record.offset)
    else:
        write = writer.fold(record.offset, unsound.subject, hold_of(record))
        if write is not None:
            folded.writes.append(write)
    folded.reviews.append(review_of(record, unsound))
    EVENTS_HELD.labels(unsound.reason).inc()
    _log.warning(
        "record_held", partition=record.partition, offset=record.offset, reason=unsound.reason
    )
