"""Phone numbers planted in a test, and whether any of them stands in what a process wrote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from confluent_kafka import KafkaError, Message

from consentlog.kafka.producer import build_producer
from consentlog.kafka.topics import EVENTS

_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_BETWEEN = re.compile(r"(?<=\d)(?:[\s\-.()_/]|%20|%2D|&nbsp;)+(?=\d)", re.IGNORECASE)


def found_in(text: str, numbers: Iterable[str]) -> set[str]:
    """Find numbers in any written form.

    Args:
        text: A log, a page of metrics, what a command printed.
        numbers: National form without separators, `13800138000`: every other form ends in it, so
            `+86`, `86`, `0086`, `%2B86` and `tel:` before it are found as well. Separators between
            the digits, URL-encoded ones too, full-width digits and JSON escapes do not hide it.

    Returns:
        Those that stand there.
    """
    unescaped = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", unescaped))
    return {number for number in numbers if number in plain}


def append_raw(bootstrap: str, key: bytes | None, value: bytes | None) -> str:
    """Put a record straight on the events log; returns its token once the broker has it."""
    tokens: list[str] = []

    def on_delivery(error: KafkaError | None, record: Message) -> None:
        if error is None:
            tokens.append(f"{record.partition()}:{record.offset()}")

    producer = build_producer(bootstrap, "test", delivery_timeout_ms=30_000)
    producer.produce(EVENTS.name, value, key, on_delivery=on_delivery)
    producer.flush(40)
    (token,) = tokens
    return token
