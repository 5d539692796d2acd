"""Contiguous records of one partition that become one insert."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from consentlog.ports import Record
from sinks.intent import Intent
from sinks.rows import LEAF_INDEX, Row, row_of
from sinks.tokens import token_of


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one partition in offset order, the intent that announces them, and their token.

    `attempt` counts inserts of these rows after which they were not there (`sinks.tokens`).
    """

    topic: str
    partition: int
    intent: Intent
    rows: Sequence[Row]
    attempt: int = 0

    @property
    def token(self) -> str:
        """Deduplication token.

        It names the content, so that a token can never make ClickHouse drop other rows than those
        that it stands for.
        """
        one = self.intent
        what = f"{self.topic}/{self.partition}/{one.first}-{one.last}/{one.sha256}"
        return token_of(what, self.attempt)


def build_batch(records: Sequence[Record]) -> Batch:
    """Make rows of records and hash their leaves.

    Args:
        records: At least one, of one partition, with contiguous offsets.

    Raises:
        ValueError: If the offsets are not contiguous.
    """
    first, last = records[0], records[-1]
    if [one.offset for one in records] != list(range(first.offset, last.offset + 1)):
        raise ValueError("a batch must be contiguous")
    rows = [row_of(record) for record in records]
    digest = hashlib.sha256(b"".join(row[LEAF_INDEX] for row in rows)).hexdigest()
    return Batch(first.topic, first.partition, Intent(first.offset, last.offset, digest), rows)
