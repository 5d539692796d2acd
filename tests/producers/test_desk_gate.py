"""What the desk takes for a denial, asked of a real gate; and of one that does not answer."""

from __future__ import annotations

import asyncio
import json
import time

import httpx2
import pytest

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.ports import Position
from producers.desk.spread import GateSpread
from producers.gate_client import GateClient
from tests.support.gate_http import Canned, gate_over
from tests.support.gates import Bench
from tests.support.histories import MINUTE_MS, NOON_MS, NUMBER, granted, held, refused


def _is_denied(
    transport: httpx2.AsyncBaseTransport,
    fact: Fact,
    written: Position | None = None,
    patience_s: float = 1.0,
) -> bool:
    async def go() -> bool:
        spread = GateSpread(GateClient("http://gate", "password", transport))
        position = written or Position(Bench().view.partition_of(NUMBER), 0)
        try:
            return await spread.is_denied(ConsentEvent(NUMBER, fact), position, patience_s)
        finally:
            await spread.close()

    return asyncio.run(go())


@pytest.mark.parametrize(
    "fact",
    [
        refused(),
        refused(brand="a"),
        refused(campaign="x"),
        refused(campaign="claims", purpose=Purpose.ALL),
        refused(channel=Channel.SMS),
        refused(purpose=Purpose.ALL),
        held(),
    ],
)
def test_the_gate_denies_what_the_act_is_about(fact: Fact) -> None:
    bench = Bench()
    bench.know(fact)
    assert _is_denied(gate_over(bench), fact)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([], id="denied for want of a basis, not for the refusal"),
        pytest.param([granted()], id="allowed"),
        pytest.param([refused(), granted(at_ms=NOON_MS + MINUTE_MS)], id="allowed again"),
        pytest.param([held()], id="held"),
    ],
)
def test_any_other_answer_is_no_sight_of_the_refusal(history: list[Fact]) -> None:
    bench = Bench()
    bench.know(*history)
    assert not _is_denied(gate_over(bench), refused())


def test_a_write_that_the_gate_has_not_seen_is_waited_for_and_then_not_claimed() -> None:
    bench = Bench()
    bench.know(refused())
    late = Position(bench.view.partition_of(NUMBER), 99)
    started = time.monotonic()
    assert not _is_denied(gate_over(bench), refused(), late, patience_s=0.2)
    assert 0.15 < time.monotonic() - started < 5


def test_a_stale_gate_is_not_taken_at_its_word() -> None:
    bench = Bench()
    bench.know(refused())
    bench.clock.at_ms += 60_000
    assert not _is_denied(gate_over(bench), refused())


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.ConnectError("nobody there"),
        httpx2.Response(200, content=b"<html>"),
        httpx2.Response(200, content=b"[]"),
        httpx2.Response(200, content=b'{"verdict": "deny"}'),
        httpx2.Response(200, content=b'{"verdict": "deny", "reasons": [{"code": "stale"}]}'),
        httpx2.Response(503, content=b'{"verdict": "deny", "reasons": [{"code": "refused"}]}'),
        None,
    ],
)
def test_no_clear_answer_is_no_denial(answer: httpx2.Response | Exception | None) -> None:
    assert not _is_denied(Canned(answer), refused(), patience_s=0.05)


def test_the_question_includes_the_write_and_no_number_in_its_address() -> None:
    canned = Canned(httpx2.Response(200, content=b"{}"))
    _is_denied(canned, refused(brand="a"), Position(3, 17), 0.5)
    (request,) = canned.asked
    assert NUMBER[1:] not in str(request.url)
    assert json.loads(request.content) == {
        "number": NUMBER,
        "channel": "voice",
        "entity": "acme",
        "brand": "a",
        "min_token": "3:17",
        "wait_ms": 500,
    }
