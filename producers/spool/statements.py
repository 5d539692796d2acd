"""The statements of the spool: its tables, and many rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, TypeVar

from producers.spool.record import Mark

_MOST_ROWS: Final = 256
_T = TypeVar("_T")

SCHEMA: Final = """
CREATE TABLE record (
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  key BLOB NOT NULL,
  value BLOB NOT NULL,
  headers BLOB NOT NULL,
  spooled_at_ms INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  settled_at_ms INTEGER,
  kafka_partition INTEGER,
  kafka_offset INTEGER,
  reason TEXT
) STRICT;
CREATE INDEX record_waiting ON record (topic, id) WHERE state = 0;
CREATE TABLE probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT;
CREATE INDEX record_parked ON record (id) WHERE state = 2;
"""
COLUMNS: Final = "id, topic, key, value, headers, spooled_at_ms"


def chunks(found: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Cut into powers of two, so that few statements serve every size.

    Each statement gives up the interpreter's lock and has to get it back from a busy event loop:
    one for each row cost ten times as long as the disk.
    """
    start = 0
    while left := len(found) - start:
        size = min(_MOST_ROWS, 1 << (left.bit_length() - 1))
        yield found[start : start + size]
        start += size


@cache
def insert(rows: int) -> str:
    """Return the statement that inserts so many records."""
    places = ", ".join(["(?, ?, ?, ?, ?, ?)"] * rows)
    return f"INSERT INTO record ({COLUMNS}) VALUES {places}"  # noqa: S608  # places and names of our own


@cache
def settle(marks: int) -> str:
    """Return the statement that writes what became of so many records."""
    places = ", ".join(["(?, ?, ?, ?, ?, ?)"] * marks)
    return (
        f"WITH told (id, state, at_ms, partition, offset, reason) AS (VALUES {places})"  # noqa: S608  # as above
        " UPDATE record SET state = told.state, settled_at_ms = told.at_ms,"
        " kafka_partition = told.partition, kafka_offset = told.offset, reason = told.reason"
        " FROM told WHERE record.id = told.id"
    )


def told_of(mark: Mark) -> tuple[object, ...]:
    """Return the values of one mark, as `settle` takes them."""
    return (
        mark.id, mark.state, mark.settled_at_ms, mark.partition, mark.offset, mark.reason
    )  # fmt: skip
