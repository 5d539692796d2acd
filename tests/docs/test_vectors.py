"""The vectors of docs/state-contract.md, run by our own code and by a reader that shares none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.decision import Verdict, decide
from consentlog.domain.facts import Fact
from consentlog.domain.policy import Policy, PolicyRow, What
from consentlog.domain.scope import Contact, Scope, contains, overlaps
from consentlog.domain.state import fold
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.errors import CodecError
from consentlog.kafka.partition import partition_of
from consentlog.protocol.reader import MonotoneReader, freshness
from consentlog.wire.build import Progress
from consentlog.wire.schemas import STATE_ID
from consentlog.wire.states import StateRecord, decode_state, encode_state
from tests.support import foreign_reader
from tests.support.histories import DAY_MS, NOON_MS, NUMBER, facts
from tools.build_vectors import FILE, render

VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
WRITER = bytes(16)


def named(section: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[section], ids=lambda vector: vector["name"])


def contact_of(vector: dict[str, Any]) -> Contact:
    return Contact(
        vector["entity"],
        Purpose(vector["purpose"].lower()),
        Channel(vector["channel"].lower()),
        vector["brand"],
        vector["campaign"],
        frozenset(vector["predecessors"]),
    )


def policy(*, basis_required: bool) -> Policy:
    row = PolicyRow("row", "CN", What.BASIS_REQUIRED, basis_required, 0, None, "a test", "primary")
    return Policy((row,))


def test_the_file_is_what_the_builder_makes() -> None:
    assert FILE.read_text("utf-8") == render()


def test_schema_id_and_partitions() -> None:
    assert VECTORS["schema_id"] == STATE_ID
    count = VECTORS["partitions"]["count"]
    for key, partition in VECTORS["partitions"]["of"].items():
        assert partition_of(key.encode(), count) == partition


@named("values")
def test_values(vector: dict[str, Any]) -> None:
    value = bytes.fromhex(vector["value"])
    if vector["readable"]:
        assert decode_state(value).as_of == foreign_reader.read(value)["as_of"]
        return
    with pytest.raises(CodecError):
        decode_state(value)
    with pytest.raises(ValueError, match=r"not a consent state|does not decode|left over"):
        foreign_reader.read(value)


@named("monotone")
def test_monotone_reading(vector: dict[str, Any]) -> None:
    ours, theirs = MonotoneReader(), foreign_reader.Partition()
    for row in vector["records"]:
        found = row.get("progress")
        progress = found and Progress(found["folded_through"], found["level_at"], bytes(32))
        record = StateRecord(
            row["subject"], row["as_of"], WRITER, log_epoch=row["log_epoch"], progress=progress
        )
        assert ours.apply(record).value == row["expected"]
        assert theirs.apply(row) == row["expected"]
    end = vector["end"]
    assert ours.position == theirs.position == (end["log_epoch"], end["as_of"])
    assert ours.folded_through == theirs.folded_through == end["folded_through"]
    assert ours.level_at_ms == theirs.level_at == end["level_at"]
    for token in vector["has"]:
        assert ours.has(token["offset"]) is token["expected"]
        assert theirs.has(token["offset"]) is token["expected"]


@named("freshness")
def test_freshness(vector: dict[str, Any]) -> None:
    arguments = vector["level_at"], vector["now"]
    assert freshness(*arguments).value == vector["expected"]
    assert foreign_reader.freshness(*arguments) == vector["expected"]


@pytest.mark.parametrize("vector", VECTORS["scopes"])
def test_scopes(vector: dict[str, Any]) -> None:
    named_scope, contact = vector["scope"], vector["contact"]
    scope = Scope(
        named_scope["entity"],
        named_scope["brand"],
        named_scope["campaign"],
        Purpose(named_scope["purpose"].lower()),
        Channel(named_scope["channel"].lower()),
    )
    assert overlaps(scope, contact_of(contact)) is vector["overlaps"]
    assert contains(scope, contact_of(contact)) is vector["contains"]
    assert foreign_reader.overlaps(named_scope, contact) is vector["overlaps"]
    assert foreign_reader.contains(named_scope, contact) is vector["contains"]


@named("decisions")
def test_decisions(vector: dict[str, Any]) -> None:
    value = None if vector["value"] is None else bytes.fromhex(vector["value"])
    state = None if value is None else decode_state(value).state
    rows = policy(basis_required=vector["basis_required"])
    decision = decide(state, contact_of(vector["contact"]), vector["at"], rows)
    assert decision.verdict.value == vector["verdict"]
    assert [reason.code.value for reason in decision.reasons] == vector["reasons"]


@named("decisions")
def test_decisions_from_the_derived_part(vector: dict[str, Any]) -> None:
    value = None if vector["value"] is None else bytes.fromhex(vector["value"])
    record = None if value is None else foreign_reader.read(value)
    required = vector["basis_required"]
    answer = foreign_reader.verdict(
        record, vector["contact"], vector["at"], basis_required=required
    )
    assert answer == vector["verdict_from_derived"]


@given(
    history=st.lists(facts(), max_size=8),
    channel=st.sampled_from(["VOICE", "SMS"]),
    purpose=st.sampled_from(["MARKETING", "SERVICE"]),
    brand=st.sampled_from([None, "life"]),
    at_ms=st.integers(NOON_MS - 4 * DAY_MS, NOON_MS + 40 * DAY_MS),
    required=st.booleans(),
)
def test_the_derived_part_never_allows_what_the_map_denies(  # one per choice
    history: list[Fact],
    channel: str,
    purpose: str,
    brand: str | None,
    at_ms: int,
    *,
    required: bool,
) -> None:
    contact: dict[str, Any] = {
        "entity": "acme",
        "brand": brand,
        "campaign": None,
        "purpose": purpose,
        "channel": channel,
        "predecessors": [],
    }
    value = encode_state(StateRecord(NUMBER, 1, WRITER, fold(history)))
    record = foreign_reader.read(value)
    answer = foreign_reader.verdict(record, contact, at_ms, basis_required=required)
    rows = policy(basis_required=required)
    exact = decide(decode_state(value).state, contact_of(contact), at_ms, rows)
    assert answer == "deny" or exact.verdict is Verdict.ALLOW
