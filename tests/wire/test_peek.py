"""The peek agrees with the full decoder on everything that both accept."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.state import EMPTY
from consentlog.errors import CodecError
from consentlog.wire.build import Progress
from consentlog.wire.peek import peek_state
from consentlog.wire.states import StateRecord, decode_state, encode_state

longs = st.integers(0, 2**62)
records = st.builds(
    StateRecord,
    st.text(max_size=200),
    as_of=longs | st.just(-1),
    writer=st.binary(min_size=16, max_size=16),
    state=st.just(EMPTY),
    log_epoch=st.integers(0, 2**30),
    fold_version=st.integers(0, 9),
    progress=st.none() | st.builds(Progress, longs, longs, st.binary(min_size=32, max_size=32)),
    hole=st.none(),
)


@given(records)
def test_peek_reads_what_the_decoder_reads(record: StateRecord) -> None:
    value = encode_state(record)
    peek, full = peek_state(value), decode_state(value)
    assert (peek.subject.decode(), peek.position) == (full.subject, full.position)


@given(records, st.integers(0, 400), st.integers(0, 255))
def test_on_corrupt_bytes_peek_agrees_or_refuses(record: StateRecord, at: int, byte: int) -> None:
    value = bytearray(encode_state(record))
    value[at % len(value)] = byte
    try:
        full = decode_state(bytes(value))
    except CodecError:
        with_error_or_not(bytes(value))
    else:
        peek = peek_state(bytes(value))
        assert (peek.subject.decode(), peek.position) == (full.subject, full.position)


def with_error_or_not(value: bytes) -> None:
    """A peek may accept what the decoder refuses further on, but raises nothing else."""
    with suppress(CodecError):
        peek_state(value)


@pytest.mark.parametrize("value", [None, b"", b"\x00", b"\x00\x00\x00\x00\x03", b"\x01" * 40])
def test_what_is_no_state_record_is_refused(value: bytes | None) -> None:
    with pytest.raises(CodecError):
        peek_state(value)


def test_every_truncation_before_the_position_is_refused() -> None:
    value = encode_state(StateRecord("+8613800138000", 7, bytes(16)))
    for end in range(5 + 1 + 14 + 2):
        with pytest.raises(CodecError):
            peek_state(value[:end])
