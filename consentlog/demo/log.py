"""The demo's own look at Kafka: one strange record in, ends and reviews out."""

from __future__ import annotations

from confluent_kafka import KafkaError, Message

from consentlog.errors import TransientError
from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import build_reader, read_to_end, watermarks
from consentlog.kafka.topics import EVENTS, REVIEWS
from consentlog.wire.reviews import ReviewAction, decode_review

_CLIENT = "consentlog.demo"


def append(bootstrap: str, key: str, value: bytes) -> str:
    """Put one record straight on the events log, past the gateway.

    Args:
        bootstrap: Broker address.
        key: E.164.
        value: Any bytes.

    Returns:
        Its token, `<partition>:<offset>`, once the broker acknowledged it.

    Raises:
        TransientError: `CL-7001` if the broker did not.
    """
    tokens: list[str] = []

    def on_delivery(error: KafkaError | None, message: Message) -> None:
        if error is None:
            tokens.append(f"{message.partition()}:{message.offset()}")

    producer = build_producer(bootstrap, _CLIENT)
    producer.produce(EVENTS.named(""), value, key.encode(), on_delivery=on_delivery)
    producer.flush(10)
    if not tokens:
        raise TransientError("CL-7001", seconds=8)
    return tokens[0]


def ends(bootstrap: str) -> dict[int, int]:
    """Return the next offset of each partition of the events log.

    Raises:
        TransientError: `CL-7003` if the broker did not answer.
    """
    reader = build_reader(bootstrap, _CLIENT)
    try:
        return {
            partition: watermarks(reader, EVENTS.named(""), partition)[1]
            for partition in range(EVENTS.partitions)
        }
    finally:
        reader.close()


def reviews(bootstrap: str) -> set[str]:
    """Return the ids (hex) of all cases, and the tokens of the records that they name.

    A message that was only recorded as received is no case: nobody has to look at it.

    Raises:
        TransientError: `CL-7003` if the broker did not answer.
        CodecError: If a review does not decode.
    """
    read = (decode_review(record.value) for record in read_to_end(bootstrap, REVIEWS.named("")))
    found = [review for review in read if review.action is ReviewAction.OPENED]
    return {review.review_id.hex() for review in found} | {
        f"{review.partition}:{review.kafka_offset}" for review in found if review.topic
    }
