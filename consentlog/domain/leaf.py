"""The leaf of one log record in its partition's Merkle tree; fixed for ever by docs/leaf.md.

The tree's leaf index is the record's offset. A changed byte anywhere in the record, or a record
moved to another place, gives another leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

LEAF_TAG: Final = b"consentlog/leaf/v1"
_LEAF_HASH_PREFIX: Final = b"\x00"
_ABSENT: Final = b"\xff\xff\xff\xff"
"""Stands in place of a length where Kafka holds null, which is not the same as empty."""


def leaf_hash(  # noqa: PLR0913  # the seven parts are the format
    topic: str,
    partition: int,
    offset: int,
    append_ms: int,
    key: bytes | None,
    headers: Iterable[tuple[str, bytes | None]],
    value: bytes | None,
) -> bytes:
    """Hash one record as a leaf.

    Args:
        topic: Name of the topic, with prefix.
        partition: From 0.
        offset: The record's offset.
        append_ms: The broker's append time, ms UTC.
        key: Key as it lies in the log.
        headers: In log order, repeated names included.
        value: Value as it lies in the log.

    Returns:
        32 bytes: SHA-256 over a zero byte and the preimage.

    Source: RFC 6962, 2.1 (the zero byte keeps leaves and nodes apart); docs/leaf.md.
    """
    preimage = leaf_preimage(topic, partition, offset, append_ms, key, headers, value)
    return hashlib.sha256(_LEAF_HASH_PREFIX + preimage).digest()


def leaf_preimage(  # noqa: PLR0913  # the seven parts are the format
    topic: str,
    partition: int,
    offset: int,
    append_ms: int,
    key: bytes | None,
    headers: Iterable[tuple[str, bytes | None]],
    value: bytes | None,
) -> bytes:
    """Return the bytes that a leaf is the hash of; arguments as in `leaf_hash`."""
    listed = b"".join(_sized(name.encode()) + _sized(content) for name, content in headers)
    parts = (
        LEAF_TAG,
        topic.encode(),
        partition.to_bytes(4, "big"),
        offset.to_bytes(8, "big"),
        # Signed, because a broker writes -1 where a record has no time.
        append_ms.to_bytes(8, "big", signed=True),
        key,
        listed,
        value,
    )
    return b"".join(map(_sized, parts))


def _sized(part: bytes | None) -> bytes:
    return _ABSENT if part is None else len(part).to_bytes(4, "big") + part
