"""The replica's memory: the raw state of every number, filed by the monotone rule.

No I/O. One thread applies, any thread looks up; neither takes a lock, because a state is filed
before its position is announced (`MonotoneReader`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from consentlog.domain.state import SubjectState
from consentlog.errors import CodecError
from consentlog.kafka.partition import partition_of
from consentlog.ports import Position
from consentlog.protocol.reader import MonotoneReader
from consentlog.wire.build import Progress
from consentlog.wire.peek import peek_state
from consentlog.wire.states import NOT_A_NUMBER, decode_state, progress_subject

_DECODED_KEPT: Final = 4096
"""Decoded states kept: a dialer asks again for the number that it just asked for."""

_AT: Final = NOT_A_NUMBER.encode()


class Filed(StrEnum):
    """What the view did with a record."""

    APPLIED = "applied"
    DROPPED = "dropped"
    UNREADABLE = "unreadable"


class Trouble(StrEnum):
    """Why what is known of a number must not be believed: each denies."""

    UNDECODABLE = "undecodable"
    MISPLACED = "misplaced"
    TWO_PARTITIONS = "two-partitions"


class Known(NamedTuple):
    """What the view holds of one number; no state and no trouble = never seen."""

    state: SubjectState | None = None
    trouble: Trouble | None = None


class View:
    """State of every number of `partitions` state partitions.

    A value is kept as it lies in the log, behind one byte that names its partition: a million
    numbers load in seconds, and a state is decoded when somebody asks for it.
    """

    def __init__(self, partitions: int) -> None:
        self.readers: Sequence[MonotoneReader] = [MonotoneReader() for _ in range(partitions)]
        # A plain integer each: hashing an enum member for every record of a bootstrap is felt.
        self._applied = self._dropped = self._unreadable = 0
        self._tags = [bytes((p,)) for p in range(partitions)]
        self._progress_keys = [progress_subject(p).encode() for p in range(partitions)]
        self._states: dict[bytes, bytes] = {}
        self._split: set[bytes] = set()
        # Keyed by the raw value itself, so that a newer record can never meet an older decoding.
        self._decode = lru_cache(_DECODED_KEPT)(_decode)

    def __len__(self) -> int:
        return len(self._states)

    def apply(self, partition: int, key: bytes, value: bytes | None) -> Filed:
        """File the next record of a state partition.

        Args:
            partition: State partition that it came from.
            key: Topic key: the subject.
            value: As it lies in the log.

        Returns:
            `DROPPED` for a zombie's record; `UNREADABLE` if it does not say what it should: its
            number denies until a readable record follows, every other number is untouched.
        """
        try:
            subject, position = peek_state(value)
        except CodecError:
            return self._hold(partition, key)
        if subject != key or value is None:
            return self._hold(partition, key)
        reader = self.readers[partition]
        if not reader.admits(position):
            self._dropped += 1
            return Filed.DROPPED
        progress = None
        if key.startswith(_AT):
            try:
                progress = self._progress(partition, key, value)
            except CodecError:
                return self._hold(partition, key)
        else:
            self._file(partition, key, value)
        reader.advance(position, progress)
        self._applied += 1
        return Filed.APPLIED

    @property
    def filed(self) -> Mapping[Filed, int]:
        """How many records met which fate so far."""
        return {
            Filed.APPLIED: self._applied,
            Filed.DROPPED: self._dropped,
            Filed.UNREADABLE: self._unreadable,
        }

    def find(self, subject: str) -> Known:
        """Look up one number.

        Args:
            subject: E.164.
        """
        key = subject.encode()
        entry = self._states.get(key)
        if entry is None:
            return Known()
        if key in self._split:
            return Known(trouble=Trouble.TWO_PARTITIONS)
        if entry[0] != self.partition_of(subject):
            return Known(trouble=Trouble.MISPLACED)
        try:
            return Known(self._decode(entry))
        except CodecError:
            return Known(trouble=Trouble.UNDECODABLE)

    def partition_of(self, subject: str) -> int:
        """Return the partition that tells about `subject`."""
        return partition_of(subject.encode(), len(self.readers))

    def has(self, token: Position) -> bool:
        """Tell whether the events up to a consistency token have been applied."""
        return self.readers[token.partition].has(token.offset)

    def _file(self, partition: int, key: bytes, value: bytes) -> None:
        known = self._states.get(key)
        if known is not None and known[0] != partition:
            self._split.add(key)
        self._states[key] = self._tags[partition] + value

    def _hold(self, partition: int, key: bytes) -> Filed:
        # No position is read from it, so it may also be a zombie's: denying one number too many is
        # cheap. It must not advance the reader.
        if not key.startswith(_AT):
            self._file(partition, key, b"")
        self._unreadable += 1
        return Filed.UNREADABLE

    def _progress(self, partition: int, key: bytes, value: bytes) -> Progress | None:
        # Another partition's progress here would make this one look fresher than it is.
        return decode_state(value).progress if key == self._progress_keys[partition] else None


def _decode(entry: bytes) -> SubjectState:
    return decode_state(entry[1:]).state
