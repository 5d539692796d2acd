"""What the preference page shows, asked of a real gate; and of one that does not answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from consentlog.domain.facts import Fact
from consentlog.domain.registry import Campaign
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.ports import Position
from producers.gate_client import GateClient
from producers.preference.choices import PARTS, Part
from producers.preference.gate import MAX_CONTACTS, GateState
from producers.preference.standing import Standing, Standings
from tests.support.gate_http import Canned, gate_over
from tests.support.gates import REGISTRY, Bench
from tests.support.histories import MINUTE_MS, NOON_MS, NUMBER, granted, held, refused

VOICE, SMS = (Part(Purpose.MARKETING, way) for way in (Channel.VOICE, Channel.SMS))
SERVICE = Part(Purpose.SERVICE, Channel.VOICE)
UNKNOWN = dict.fromkeys(PARTS, Standing.UNKNOWN)


def _ask(
    bench: Bench,
    transport: httpx2.AsyncBaseTransport | None = None,
    *,
    entity: str = "acme",
    key: str = "password",
    after: Position | None = None,
) -> Standings:
    async def go() -> Standings:
        transport_ = transport or gate_over(bench)
        client = GateClient("http://gate", key, transport_)
        gate = GateState(client, bench.registry, bench.clock)
        try:
            return await gate.standings(NUMBER, entity, after)
        finally:
            await gate.close()

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("history", "meant"),
    [
        ([], Standing.NO_CONSENT),
        ([granted()], Standing.OPEN),
        ([refused()], Standing.REFUSED),
        ([refused(), granted(at_ms=NOON_MS + MINUTE_MS)], Standing.OPEN),
        ([granted(brand="a")], Standing.PARTLY),
        ([granted(), refused(at_ms=NOON_MS + MINUTE_MS, brand="a")], Standing.PARTLY),
        ([refused(brand="a")], Standing.NO_CONSENT),
        ([granted(), held()], Standing.HELD),
        ([refused(purpose=Purpose.ALL)], Standing.REFUSED),
    ],
)
def test_a_line_says_what_the_gate_answers_for_everything_it_can_mean(
    history: list[Fact], meant: Standing
) -> None:
    bench = Bench()
    bench.know(*history)
    assert _ask(bench)[VOICE] is meant


def test_each_line_is_asked_for_itself() -> None:
    bench = Bench()
    bench.know(granted(), refused(at_ms=NOON_MS + MINUTE_MS, channel=Channel.VOICE))
    found = _ask(bench)
    assert (found[VOICE], found[SMS]) == (Standing.REFUSED, Standing.OPEN)
    bench.know(refused(purpose=Purpose.SERVICE), as_of=2)
    found = _ask(bench)
    assert (found[VOICE], found[SERVICE]) == (Standing.NO_CONSENT, Standing.REFUSED)


def test_an_entity_without_service_contacts_has_no_state_there() -> None:
    bench = Bench()
    assert set(_ask(bench, entity="beta")) == {VOICE, SMS}


def test_more_contacts_than_are_asked_about_are_not_known_in_detail() -> None:
    many = {f"m{n}": Campaign(f"m{n}", "acme", Purpose.MARKETING) for n in range(MAX_CONTACTS)}
    bench = Bench(registry=replace(REGISTRY, campaigns=many))
    bench.know(refused(brand="a"))
    assert _ask(bench)[VOICE] is Standing.UNKNOWN
    bench.know(granted(), as_of=2)
    assert _ask(bench)[VOICE] is Standing.OPEN


def test_a_stale_gate_knows_nothing() -> None:
    bench = Bench()
    bench.know(granted())
    bench.clock.at_ms += 60_000
    assert _ask(bench) == UNKNOWN


def test_a_key_that_the_gate_does_not_take_knows_nothing() -> None:
    assert _ask(Bench(), key="wrong") == UNKNOWN


def test_a_write_that_has_not_arrived_is_waited_for_and_then_not_known() -> None:
    bench = Bench()
    bench.know(refused())
    partition = bench.view.partition_of(NUMBER)
    assert _ask(bench, after=Position(partition, 0))[VOICE] is Standing.REFUSED
    assert _ask(bench, after=Position(partition, 99)) == UNKNOWN


def _odd_answers() -> Iterator[Any]:
    yield pytest.param(httpx2.ConnectError("nobody there"), id="unreachable")
    yield pytest.param(httpx2.Response(200, content=b"<html>"), id="not-json")
    bodies: list[Any] = [
        [],
        {},
        {"verdict": "deny"},
        {"verdict": "deny", "reasons": []},
        {"verdict": "deny", "reasons": [{"code": "a-new-reason"}]},
        {"verdict": "deny", "reasons": [{"code": "refused"}, {"code": "stale"}]},
        {"verdict": "perhaps", "reasons": [{"code": "refused"}]},
    ]
    for body in bodies:
        text = json.dumps(body)
        yield pytest.param(httpx2.Response(200, content=text.encode()), id=text)


@pytest.mark.parametrize("answer", list(_odd_answers()))
def test_what_is_no_clear_answer_is_not_known(answer: httpx2.Response | Exception) -> None:
    assert _ask(Bench(), Canned(answer)) == UNKNOWN


def test_a_gate_that_hangs_does_not_hold_up_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.preference.gate.PATIENCE_S", 0.05)
    assert _ask(Bench(), Canned(None)) == UNKNOWN


def test_outside_calling_hours_only_is_open() -> None:
    body = {"verdict": "deny", "reasons": [{"code": "outside_calling_hours"}]}
    answer = httpx2.Response(200, content=json.dumps(body).encode())
    assert set(_ask(Bench(), Canned(answer)).values()) == {Standing.OPEN}


def test_the_number_is_not_in_the_address_that_is_asked() -> None:
    canned = Canned(httpx2.Response(200, content=b"{}"))
    _ask(Bench(), canned)
    assert canned.asked
    assert all(NUMBER[1:] not in str(request.url) for request in canned.asked)
