"""The compiled decoders and encoders against fastavro, on sound and on corrupt bytes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentlog.domain.facts import Fact
from consentlog.domain.state import fold
from consentlog.errors import CodecError
from consentlog.wire.build import BUILD, ENUMS
from consentlog.wire.decoding import compile_decoder
from consentlog.wire.encoding import compile_encoder
from consentlog.wire.events import decode_event, encode_event
from consentlog.wire.framing import HEAD_BYTES, decode, head
from consentlog.wire.longs import zigzag
from consentlog.wire.schemas import EVENT_ID, STATE_ID, pinned
from consentlog.wire.states import StateRecord, decode_state, encode_state
from tests.support.histories import NUMBER, event, facts, refused

SCHEMA = {
    "type": "record",
    "name": "Progress",
    "fields": [{"name": name, "type": "long"} for name in ("a", "b", "c")],
}


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3))
def test_longs(numbers: list[int]) -> None:
    buffer = BytesIO()
    fastavro.schemaless_writer(buffer, SCHEMA, dict(zip("abc", numbers, strict=True)))
    encoded = buffer.getvalue()
    assert b"".join(map(zigzag, numbers)) == encoded
    assert compile_encoder(SCHEMA, BUILD)(tuple(numbers)) == encoded
    value, end = compile_decoder(SCHEMA, BUILD)(encoded, 0)
    assert (tuple(value), end) == (tuple(numbers), len(encoded))


@settings(max_examples=300)
@given(facts())
def test_events_decode_as_fastavro_decodes_them(fact: Fact) -> None:
    sound = event(fact)
    value = encode_event(sound)
    assert decode_event(value) == sound
    plain = decode(value, EVENT_ID)["fact"]
    assert plain["event_id"] == fact.event_id
    assert plain["action"] == fact.action.upper()
    assert plain["margin_ms"] == fact.margin_ms


@settings(max_examples=300)
@given(st.lists(facts(), max_size=6))
def test_states_are_written_as_fastavro_reads_them(history: list[Fact]) -> None:
    record = StateRecord(NUMBER, 7, b"w" * 16, fold(history))
    value = encode_state(record)
    assert decode_state(value) == record
    plain = decode(value, STATE_ID)
    buffer = BytesIO(head(STATE_ID))
    buffer.seek(HEAD_BYTES)
    fastavro.schemaless_writer(buffer, pinned()[STATE_ID].schema, plain)
    assert buffer.getvalue() == value


@settings(max_examples=600)
@given(st.lists(facts(), max_size=3), st.data())
def test_corrupt_bytes_are_refused_or_are_another_sound_record(
    history: list[Fact], data: st.DataObject
) -> None:
    value = bytearray(encode_state(StateRecord(NUMBER, 7, b"w" * 16, fold(history))))
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    corrupt = bytes(value[: data.draw(st.integers(0, len(value)))])
    try:
        decode_state(corrupt)
    except CodecError:
        return
    # What ours accepts, fastavro accepts too: nothing is read that is not there.
    decode(corrupt, STATE_ID)


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_truncated_event_is_refused(cut: int) -> None:
    with pytest.raises(CodecError):
        decode_event(encode_event(event(refused()))[:-cut])


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\x00",
        b"\x00\x00\x00\x00\x63abc",
        b"\x01\x00\x00\x00\x01",
        head(STATE_ID),
        head(EVENT_ID),
    ],
)
def test_what_is_not_a_framed_event_is_refused(value: bytes | None) -> None:
    with pytest.raises(CodecError):
        decode_event(value)
    with pytest.raises(CodecError):
        decode(value, EVENT_ID)


def test_bytes_left_over_are_refused() -> None:
    value = encode_event(event(refused())) + b"\x00"
    with pytest.raises(CodecError, match="end"):
        decode_event(value)
    with pytest.raises(CodecError, match="end"):
        decode(value, EVENT_ID)


def test_an_endless_long_and_a_negative_length_are_refused() -> None:
    for body in (b"\xff" * 20, b"\x01", b"\x7f" + b"+1"):
        with pytest.raises(CodecError):
            decode_event(head(EVENT_ID) + body)


def symbols(schema: Any, found: dict[str, list[str]]) -> dict[str, list[str]]:
    if isinstance(schema, list):
        for one in schema:
            symbols(one, found)
    elif isinstance(schema, dict):
        if schema.get("type") == "enum":
            found[schema["name"]] = schema["symbols"]
        for one in schema.get("fields", []):
            symbols(one["type"], found)
        symbols(schema.get("items"), found)
        if isinstance(schema.get("type"), dict | list):
            symbols(schema["type"], found)
    return found


def test_enum_members_stand_in_symbol_order() -> None:
    found = symbols(pinned()[EVENT_ID].schema, {})
    assert {name: [m.upper() for m in members] for name, members in ENUMS.items()} == found
