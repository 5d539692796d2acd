"""What an owner is about to insert, told to the next owner before it happens.

The intent lies in the group's committed offset: the offset is the batch's first record, the
metadata `last/sha256`. The next owner asks the table what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeAlias

from consentlog.errors import FatalError


@dataclass(frozen=True, slots=True)
class Intent:
    """A batch about to be inserted: offsets, both included, and the hash (hex) of its leaves."""

    first: int
    last: int
    sha256: str

    @property
    def metadata(self) -> str:
        """The text that stands beside the committed offset."""
        return f"{self.last}/{self.sha256}"

    @classmethod
    def parse(cls, offset: int, metadata: str | None) -> Self | None:
        """Read a committed offset.

        Args:
            offset: Negative if nothing was ever committed.
            metadata: What stands beside it.

        Raises:
            FatalError: `CL-4102` if somebody else commits for this group.
        """
        if offset < 0:
            return None
        last, slash, sha256 = (metadata or "").partition("/")
        if not (slash and last.isascii() and last.isdigit() and int(last) >= offset):
            raise FatalError("CL-4102", offset=offset)
        return cls(offset, int(last), sha256)


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands in the table around an intent.

    `rows` and `distinct` count rows and different offsets inside the intent; `newest` is the
    partition's highest offset, `hole_end` the highest offset noted as a hole.
    """

    rows: int
    distinct: int
    newest: int | None
    hole_end: int | None

    @property
    def next_offset(self) -> int:
        """The first offset that is neither a row nor a noted hole."""
        ends = [end for end in (self.newest, self.hole_end) if end is not None]
        return max(ends) + 1 if ends else 0


@dataclass(frozen=True, slots=True)
class Resume:
    """Everything before `next_offset` is in the table: go on there."""

    next_offset: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """Nothing of the intent is in the table: insert the same batch, and look that it is there."""

    intent: Intent


Verdict: TypeAlias = Resume | Repeat


def judge(intent: Intent | None, cover: Cover) -> Verdict:
    """Say what a new owner, or one whose insert ended in doubt, does next.

    Args:
        intent: The last one committed by any owner.
        cover: What the table says.

    Raises:
        FatalError: `CL-4103` if the table holds some of the intent, rows beyond it, or lacks rows
            before it: no order of events of this sink leads there.

    Source: design 4.
    """
    if intent is None:
        return Resume(cover.next_offset)
    size = intent.last - intent.first + 1
    if cover.rows == cover.distinct == size and cover.newest == intent.last:
        return Resume(cover.next_offset)
    if cover.rows == 0 and cover.next_offset == intent.first:
        return Repeat(intent)
    raise FatalError(
        "CL-4103",
        first=intent.first,
        last=intent.last,
        rows=cover.rows,
        next_offset=cover.next_offset,
    )
