"""What a reader of one state partition may believe: never backwards, and only while fresh.

The writing half is `consentlog.protocol.writer`; `docs/state-contract.md` tells foreign readers the
same. No I/O here: the replica feeds it from Kafka, the model test from random traces.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from consentlog.wire.build import Progress
from consentlog.wire.states import StateRecord

FRESH_LIMIT_MS: Final = 15_000
"""A view that was level with the log longer ago than this answers nothing but *deny*."""

AHEAD_LIMIT_MS: Final = 2_000
"""A broker's clock further ahead of the own one than this makes every age a guess."""

NEVER: Final = (-1, -1)
"""Position of a reader that has applied nothing; below every record's."""


class Outcome(StrEnum):
    """What became of a record."""

    APPLIED = "applied"
    DROPPED = "dropped"


class Freshness(StrEnum):
    """Whether a view may answer; anything but `FRESH` denies, and the value is the reason."""

    FRESH = "fresh"
    STALE = "stale"
    CLOCK_SKEW = "clock-skew"


def freshness(level_at_ms: int, now_ms: int) -> Freshness:
    """Judge a view by the last instant at which it was level with the log.

    Lag would not do: a reader that lost its broker sees a lag of 0 for ever.

    Args:
        level_at_ms: Broker time, ms UTC, at which everything then in the log was folded and
            delivered; 0 = never.
        now_ms: The reader's own clock, ms UTC.

    Source: design 2, progress record.
    """
    age_ms = now_ms - level_at_ms
    if age_ms < -AHEAD_LIMIT_MS:
        return Freshness.CLOCK_SKEW
    return Freshness.FRESH if age_ms <= FRESH_LIMIT_MS else Freshness.STALE


class MonotoneReader:
    """One state partition as its reader may believe it.

    Keeps the highest (`log_epoch`, `as_of`) applied. A record below it was written by a zombie that
    woke up after its successor went on: applying it would turn a *no* back into a *yes*. Neither
    `folded_through` nor `level_at_ms` decreases within a log epoch; a raised epoch means that the
    log was re-made, so both start anew and the reader is stale until the new owner says otherwise.

    One thread feeds it, any thread may read it. A feeder whose own map is read by other threads
    asks `admits`, puts the state into its map and only then calls `advance`: whoever sees the
    position then finds the state that belongs to it.
    """

    __slots__ = ("folded_through", "level_at_ms", "position")

    def __init__(self) -> None:
        self.position: tuple[int, int] = NEVER
        self.folded_through = -1
        self.level_at_ms = 0

    @property
    def log_epoch(self) -> int:
        """Log epoch of the highest record applied; -1 before the first."""
        return self.position[0]

    @property
    def as_of(self) -> int:
        """Offset of the events topic that the highest record applied brought; -1 before it."""
        return self.position[1]

    def apply(self, record: StateRecord) -> Outcome:
        """Take the next record of the partition, whatever its subject.

        Returns:
            `DROPPED` if the record lies below what was applied: its state must not be used.
        """
        if not self.admits(record.position):
            return Outcome.DROPPED
        self.advance(record.position, record.progress)
        return Outcome.APPLIED

    def admits(self, position: tuple[int, int]) -> bool:
        """Tell whether a record at (`log_epoch`, `as_of`) may be applied; equal may."""
        return position >= self.position

    def advance(self, position: tuple[int, int], progress: Progress | None = None) -> None:
        """Move to an admitted record's position.

        Args:
            position: (`log_epoch`, `as_of`) of the record, for which `admits` was true.
            progress: What the record says about the partition, if it is a progress record.
        """
        if position[0] > self.position[0]:
            self.folded_through = -1
            self.level_at_ms = 0
        self.position = position
        if progress is not None:
            self.folded_through = max(self.folded_through, progress.folded_through)
            self.level_at_ms = max(self.level_at_ms, progress.level_at_ms)

    def has(self, offset: int) -> bool:
        """Tell whether every event up to `offset` of the events partition has been applied.

        Holds because the owner writes one record for each folded event, in offset order.

        Args:
            offset: Offset part of a consistency token.
        """
        return offset <= self.position[1] or offset <= self.folded_through
