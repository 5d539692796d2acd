"""The rows of the spool: a record on its way to the log, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _json
from typing import NamedTuple


class RowState(IntEnum):
    """Where a record stands; the numbers lie in files."""

    WAITING = 0
    DELIVERED = 1
    PARKED = 2


class Row(NamedTuple):
    """One record: `id` rises in the order of acceptance, `topic` is without prefix."""

    id: int
    topic: str
    key: bytes
    value: bytes
    headers: bytes
    spooled_at_ms: int

    @property
    def size(self) -> int:
        """Bytes that it counts for against the spool's limit."""
        return len(self.key) + len(self.value) + len(self.headers)


class Mark(NamedTuple):
    """What became of one record; partition and offset where the broker named them."""

    id: int
    state: RowState
    settled_at_ms: int
    size: int
    partition: int | None = None
    offset: int | None = None
    reason: str | None = None


def pack_headers(headers: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a record's headers as one column: as `json.dumps` does, in a fifth of its time."""
    return f"[{', '.join([_pair(*header) for header in headers])}]".encode()


@lru_cache(maxsize=1024)
def _pair(name: str, value: bytes) -> str:
    """Return one header; of a list's records all but the id are the same."""
    return f"[{_json(name)}, {_json(value.decode('latin-1'))}]"


def unpack_headers(packed: bytes) -> list[tuple[str, bytes]]:
    """Return a record's headers as they were packed."""
    return [(name, value.encode("latin-1")) for name, value in json.loads(packed)]
