"""The JSON form of events: what was published is read back, and a wrong field is named."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.events import LAST_MS, ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.errors import CodecError
from consentlog.wire.events import decode_event, encode_event
from consentlog.wire.instants import read_instant, write_instant
from consentlog.wire.json_form import event_from_json, event_to_json, framed_to_json
from tests.support.histories import NOON_MS, NUMBER, event, facts, refused

FOLDER = resources.files("schemas") / "examples"
EXAMPLES = sorted(
    one.name.removesuffix(".json") for one in FOLDER.iterdir() if one.name.endswith(".json")
)


def bytes_of(name: str) -> bytes:
    return bytes.fromhex((FOLDER / f"{name}.hex").read_text("ascii"))


def form_of(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_published_examples_have_this_form(name: str) -> None:
    assert framed_to_json(bytes_of(name)) == form_of(name)


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n.startswith("consent-event")])
def test_published_events_are_read_back(name: str) -> None:
    found = event_from_json(form_of(name))
    assert found == decode_event(bytes_of(name))
    assert encode_event(found) == bytes_of(name)
    assert event_to_json(found) == form_of(name)


def test_bytes_that_do_not_decode_have_no_json_form() -> None:
    sound = bytes_of("consent-event-v1.refused")
    for value in (b"", sound[:-1], sound + b"x", sound[:5] + b"\x03" + sound[6:]):
        with pytest.raises(CodecError):
            framed_to_json(value)


any_ms = st.integers(-LAST_MS, LAST_MS)


@given(
    facts(),
    st.none() | any_ms,
    any_ms,
    st.binary(max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_every_event_survives_its_json_form(
    fact: Fact, recorded: int | None, accepted: int, evidence: bytes, text: str
) -> None:
    one = ConsentEvent(
        NUMBER, fact._replace(accepted_at_ms=accepted, brand=text), recorded, text, evidence
    )
    assert event_from_json(json.loads(json.dumps(event_to_json(one)))) == one


def changed(**fact: Any) -> dict[str, Any]:
    form = event_to_json(event(refused()))
    return form | {"fact": form["fact"] | fact}


def without(*names: str) -> dict[str, Any]:
    form = event_to_json(event(refused(brand="life", margin_ms=7)))
    fact = {name: value for name, value in form["fact"].items() if name not in names}
    rest = {name: value for name, value in form.items() if name not in names}
    return rest | ({"fact": fact} if "fact" in rest else {})


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (None, "the event: not an object"),
        ([], "the event: not an object"),
        ({}, "subject: missing"),
        (without("subject"), "subject: missing"),
        (without("fact"), "fact: missing"),
        (without("action"), "fact.action: missing"),
        (without("accepted_at"), "fact.accepted_at: missing"),
        (without("margin_ms"), "fact.margin_ms: missing"),
        (without("event_id"), "fact.event_id: missing"),
        (changed() | {"fact": 1}, "fact: not an object"),
        (changed() | {"version": 2}, "version: not a field of ConsentEvent"),
        (changed() | {"+8613800138000": 1}, "a name: not a field of ConsentEvent"),
        (changed(colour="red"), "fact.colour: not a field of Fact"),
        (changed() | {"subject": 13800138000}, "subject: not a string"),
        (changed() | {"subject": "\ud800"}, "subject: not Unicode text"),
        (changed(purpose="FUN"), "fact.purpose: not one of UNKNOWN, MARKETING, SERVICE, ALL"),
        (changed(purpose="marketing"), "fact.purpose: not one of"),
        (changed(purpose=1), "fact.purpose: not one of"),
        (changed(purpose=None), "fact.purpose: not one of"),
        (changed(purpose=[]), "fact.purpose: not one of"),
        (changed(event_id="00"), "fact.event_id: 1 bytes, not 16"),
        (changed(event_id="zz" * 16), "fact.event_id: not bytes in hex"),
        (changed(event_id="00 " * 16), "fact.event_id: not bytes in hex"),
        (changed(event_id=0), "fact.event_id: not bytes in hex"),
        (changed(target=""), "fact.target: 0 bytes, not 16"),
        (changed(margin_ms=True), "fact.margin_ms: not a whole number"),
        (changed(margin_ms=1.0), "fact.margin_ms: not a whole number"),
        (changed(margin_ms=1 << 31), "fact.margin_ms: does not fit 32 bits"),
        (changed(accepted_at=1 << 63), "fact.accepted_at: does not fit 64 bits"),
        (changed(accepted_at=None), "fact.accepted_at: not a whole number"),
        (changed(accepted_at="2025-11-22T04:00:00"), "fact.accepted_at: it has no offset"),
        (changed(accepted_at="2025-11-22"), "fact.accepted_at: it does not have the form"),
        (changed(accepted_at="2025-02-29T00:00:00Z"), "fact.accepted_at: there is no such time"),
        (changed(accepted_at="2025-02-28T00:00:60Z"), "fact.accepted_at: there is no such time"),
        (changed(accepted_at="2025-02-28T00:00:00.0001Z"), "fact.accepted_at: finer than"),
        (changed(clock_wrong=0), "fact.clock_wrong: not a boolean"),
        (changed(clock_wrong=None), "fact.clock_wrong: not a boolean"),
    ],
)
def test_a_wrong_field_is_named_and_never_quoted(form: object, reason: str) -> None:
    with pytest.raises(CodecError) as caught:
        event_from_json(form)
    assert caught.value.code == "CL-3101"
    assert str(caught.value.params["reason"]).startswith(reason)
    assert "13800138000" not in str(caught.value)


def test_a_field_left_out_has_the_schemas_default() -> None:
    form = without("brand", "until", "target", "basis", "evidence", "recorded_at", "has_evidence")
    found = event_from_json(form)
    assert (found.fact.brand, found.fact.until_ms, found.fact.has_evidence) == (None, None, False)
    assert (found.recorded_at_ms, found.evidence) == (None, b"")
    assert found.fact.margin_ms == 7


def test_other_ways_of_writing_the_same_are_read() -> None:
    for accepted in ("2025-11-22T12:00:00+08:00", "2025-11-22T04:00:00.000Z", NOON_MS):
        form = changed(accepted_at=accepted, event_id="0A" * 16)
        assert event_from_json(form).fact.accepted_at_ms == NOON_MS
        assert event_from_json(form).fact.event_id == b"\x0a" * 16


@given(st.integers(-62_135_596_800_000, LAST_MS))
def test_an_instant_survives_its_text(at_ms: int) -> None:
    assert read_instant(write_instant(at_ms)) == (at_ms, True)


def test_a_fraction_is_cut_towards_the_past() -> None:
    assert read_instant("1970-01-01T00:00:00.9999Z") == (999, False)
    assert read_instant("1969-12-31T23:59:59.9999Z") == (-1, False)
    assert read_instant("1970-01-01T08:00:00.500000000+08:00") == (500, True)
