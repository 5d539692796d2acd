"""Reads of a state record only what a replica needs to file it: subject and position.

A replica that decoded every record in full would take minutes to load a million numbers; it decodes
a state when somebody asks for that number. Held to `decode_state` by a differential test
(`tests/wire/test_peek.py`).
"""

from __future__ import annotations

from typing import NamedTuple

from consentlog.errors import CodecError
from consentlog.wire.framing import HEAD_BYTES, head
from consentlog.wire.longs import read_long
from consentlog.wire.schemas import STATE_ID

_HEAD = head(STATE_ID)


class Peek(NamedTuple):
    """The first fields of a state record; `position` is (`log_epoch`, `as_of`)."""

    subject: bytes
    position: tuple[int, int]


def peek_state(value: bytes | None) -> Peek:
    """Read subject and position of a framed state record; the rest is not looked at.

    Raises:
        CodecError: `CL-3101` for another schema, or bytes that end before the position does.
    """
    if value is None or not value.startswith(_HEAD):
        raise CodecError("CL-3101", reason="not a consent state")
    try:
        length, at = read_long(value, HEAD_BYTES)
        subject = value[at : at + length]
        as_of, after = read_long(value, at + length)
        log_epoch, _ = read_long(value, after)
    except (IndexError, ValueError) as exc:
        raise CodecError("CL-3101", reason=str(exc)) from exc
    if length < 0:
        raise CodecError("CL-3101", reason="a length is negative")
    return Peek(subject, (log_epoch, as_of))


class StateFront(NamedTuple):
    """What the owner of a partition looks at in every record: position, writer, fold version."""

    position: tuple[int, int]
    writer: bytes
    fold_version: int


def peek_front(value: bytes) -> StateFront:
    """Read position (`log_epoch`, `as_of`), writer and fold version; the rest is not looked at.

    Raises:
        CodecError: `CL-3101` for another schema, or bytes that end before the version does.
    """
    if not value.startswith(_HEAD):
        raise CodecError("CL-3101", reason="not a consent state")
    try:
        length, at = read_long(value, HEAD_BYTES)
        as_of, at = read_long(value, at + length)
        log_epoch, at = read_long(value, at)
        fold_version, _ = read_long(value, at + _WRITER_BYTES)
    except (IndexError, ValueError) as exc:
        raise CodecError("CL-3101", reason=str(exc)) from exc
    return StateFront((log_epoch, as_of), value[at : at + _WRITER_BYTES], fold_version)


_WRITER_BYTES = 16
