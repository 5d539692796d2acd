"""The owner's one rule for writing a partition of the state topic; pure, no I/O.

Whoever owns a partition of the events topic owns the same partition of the state topic. Old owners
may still write (a process that was stopped and goes on), compaction may drop whatever is not a
key's last record, and readers start at any time; the rule keeps every key's last record at the pure
fold of the log all the same (tests/protocol/test_model.py plays thousands of such histories).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from consentlog.domain.facts import Fact
from consentlog.domain.state import EMPTY, SubjectState, evolve, unite
from consentlog.wire.build import Hole, Progress
from consentlog.wire.peek import peek_front
from consentlog.wire.states import (
    FOLD_VERSION,
    NOT_A_NUMBER,
    StateRecord,
    decode_state,
    encode_state,
    hole_subject,
    progress_subject,
)

_NOT_A_NUMBER: Final = NOT_A_NUMBER.encode()
_NOTHING_READ: Final = (0, -1)
_MOST_WARM: Final = 1024
"""Decoded states kept beside the view: acts of one number come in bursts, memory is for bytes."""


class Write(NamedTuple):
    """One record to append to the state partition; must be appended in the order returned."""

    key: bytes
    value: bytes


class PartitionWriter:
    """View and write rule of one owned partition.

    First `load` each record up to the end, then `loaded` once, then `fold` and `follow` in any
    order. `high` is the highest (`log_epoch`, `as_of`) read or written; no write is ever below it.

    The view keeps encoded states: a million numbers fit into memory, and a state is decoded only
    when an event or another writer's record touches it.

    Args:
        partition: Number of the partition.
        writer: 16 random bytes, new for each process and generation.
    """

    def __init__(self, partition: int, writer: bytes) -> None:
        self.partition = partition
        self.writer = writer
        self.high = _NOTHING_READ
        self.newest_progress: Progress | None = None
        self._progress_epoch = 0
        self._seen = _NOTHING_READ
        self._alone = True
        self._foreign = _NOTHING_READ
        self._view: dict[bytes, bytes] = {}
        self._warm: dict[bytes, SubjectState] = {}
        self._due: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._view)

    def state(self, key: bytes) -> SubjectState:
        """Return the folded state of a key."""
        raw = self._view.get(key)
        return EMPTY if raw is None else decode_state(raw).state

    def load(self, key: bytes, raw: bytes | None) -> None:
        """Take one record of the state partition, in log order, before `loaded`.

        Raises:
            CodecError: `CL-3101` if it is not a state record.
        """
        if raw is None:
            # Nobody who keeps to the contract deletes; whoever did, the facts stand.
            self._due.add(key)
            return
        front = peek_front(raw)
        position = front.position
        if key.startswith(_NOT_A_NUMBER):
            self._note_progress(raw)
        else:
            good = position >= self._seen and front.fold_version == FOLD_VERSION
            if self._supersedes(key, raw, front.writer) and good:
                self._due.discard(key)
            else:
                self._due.add(key)
        self._see(position)

    def loaded(self) -> list[Write]:
        """Return what must be written right before anything else; call once, after the last `load`.

        A key whose last record is below an earlier position, lacks a fact of an earlier record, or
        was derived by another version of the rules, is written again from the view at `high`: once
        compaction has dropped the good record, nobody could repair the bad one.
        """
        due, self._due = self._due, set()
        return list(self._again(sorted(due)))

    def fold(self, offset: int, subject: str, fact: Fact) -> Write | None:
        """Fold one event.

        Args:
            offset: Its offset in the events partition.
            subject: E.164.
            fact: A sound event's fact.

        Returns:
            The record to append, or None if the map did not change and the offset is not above
            `high`: then a record that covers it is in the partition already.
        """
        key = subject.encode()
        before = self._warm.get(key) or self.state(key)
        after = evolve(before, fact)
        if offset > self.high[1]:
            self.high = (self.high[0], offset)
        elif after is before:
            return None
        return self._write(key, subject, after)

    def skip(self, offset: int) -> None:
        """Pass an event that changes no state: no number could be read from it."""
        if offset > self.high[1]:
            self.high = (self.high[0], offset)

    def hole(self, first: int, last: int) -> Write:
        """Return the record of offsets, both included, at which the log holds nothing."""
        self.skip(last)
        hole = Hole(first, last)
        return self._about_partition(hole_subject(self.partition, hole), hole=hole)

    def progress(self, progress: Progress) -> Write:
        """Return the record that says how far the partition is folded."""
        return self._about_partition(progress_subject(self.partition), progress=progress)

    def follow(self, key: bytes, raw: bytes | None) -> list[Write]:
        """Take one record that appeared in the state partition after `loaded`, own ones too.

        Returns:
            What puts the partition right if this record was a stopped owner's: the key from the
            view at `high`.

        Raises:
            CodecError: `CL-3101` if it is not a state record.
        """
        if raw is None:
            return list(self._again((key,)))
        if self._alone and raw == self._view.get(key):
            return []
        front = peek_front(raw)
        if front.writer == self.writer:
            bad = front.position < self._foreign
        else:
            # What this writer has sent but not yet read counts as read: a repair too many is
            # harmless, one too few is not.
            bad = front.position < self.high
            self._alone = False
            self._foreign = max(self._foreign, front.position)
            self.high = max(self.high, front.position)
        if key.startswith(_NOT_A_NUMBER):
            return []
        if front.writer != self.writer and not self._unite(key, raw):
            bad = True
        return list(self._again((key,))) if bad else []

    def _see(self, position: tuple[int, int]) -> None:
        if position > self._seen:
            self._seen = position
            self.high = max(self.high, position)

    def _supersedes(self, key: bytes, raw: bytes, writer: bytes) -> bool:
        """As `_unite`, without decoding where one writer speaks twice: its view only grows.

        Only in the order of positions: an older record of the same writer, appended again by
        whatever means, has less.
        """
        known = self._view.get(key)
        if known is not None:
            before = peek_front(known)
            if before.writer == writer and before.position <= peek_front(raw).position:
                self._view[key] = raw
                return True
        return self._unite(key, raw)

    def _unite(self, key: bytes, raw: bytes) -> bool:
        """Take a record's facts into the view; tell whether the record has all of the view's."""
        known = self._view.get(key)
        if known is None:
            self._view[key] = raw
            return True
        theirs = decode_state(raw)
        ours = decode_state(known).state
        if unite(theirs.state, ours) is theirs.state:
            self._warm.pop(key, None)
            self._view[key] = raw
            return True
        united = unite(ours, theirs.state)
        if united is not ours:
            self._warm.pop(key, None)
            self._view[key] = encode_state(
                StateRecord(theirs.subject, self.high[1], self.writer, united, self.high[0])
            )
        return False

    def _again(self, keys: Iterable[bytes]) -> Iterable[Write]:
        for key in keys:
            raw = self._view.get(key)
            if raw is not None:
                yield self._write(key, key.decode(), decode_state(raw).state)

    def _write(self, key: bytes, subject: str, state: SubjectState) -> Write:
        log_epoch, as_of = self.high
        value = encode_state(StateRecord(subject, as_of, self.writer, state, log_epoch))
        self._view[key] = value
        if len(self._warm) >= _MOST_WARM:
            self._warm.clear()
        self._warm[key] = state
        return Write(key, value)

    def _about_partition(
        self, subject: str, *, progress: Progress | None = None, hole: Hole | None = None
    ) -> Write:
        log_epoch, as_of = self.high
        record = StateRecord(
            subject, as_of, self.writer, EMPTY, log_epoch, progress=progress, hole=hole
        )
        return Write(subject.encode(), encode_state(record))

    def _note_progress(self, raw: bytes) -> None:
        """Keep the highest of each figure: a stopped owner's record may be the last one.

        Figures of a lower log epoch are about a log that is no more.
        """
        record = decode_state(raw)
        found, best = record.progress, self.newest_progress
        if found is None or record.log_epoch < self._progress_epoch:
            return
        if best is not None and record.log_epoch == self._progress_epoch:
            level = max(found.level_at_ms, best.level_at_ms)
            further = found if found.folded_through >= best.folded_through else best
            found = further._replace(level_at_ms=level)
        self.newest_progress, self._progress_epoch = found, record.log_epoch
