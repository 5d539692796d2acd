"""The floor: consume a thousand, produce a thousand, understand nothing.

Started by `fold.py`: `python -m benchmarks.pipe BOOTSTRAP PREFIX`.
"""

from __future__ import annotations

import sys

from confluent_kafka import TopicPartition

from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import build_reader
from consentlog.kafka.topics import EVENTS, PARTITIONS, STATE


def main() -> None:
    """Copy until killed."""
    bootstrap, prefix = sys.argv[1:3]
    source, target = EVENTS.named(prefix), STATE.named(prefix)
    consumer = build_reader(bootstrap, "bench.pipe", **{"auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(source, p, 0) for p in range(PARTITIONS)])
    producer = build_producer(bootstrap, "bench.pipe")
    while True:
        first = consumer.poll(0.1)
        messages = [] if first is None else [first, *consumer.consume(999, 0)]
        for message in messages:
            if message.error() is None:
                producer.produce(target, message.value(), message.key(), message.partition() or 0)
        producer.poll(0)


if __name__ == "__main__":
    main()
