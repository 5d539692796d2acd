"""The gate over HTTP: answers, tokens, keys, and every kind of bad question."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from consentlog.http.app import build_app
from consentlog.http.auth import Authenticator
from consentlog.ports import Position
from dialers.app import GateRoutes
from dialers.waiters import TokenWaiters
from tests.support.asgi import client_of
from tests.support.gates import PARTITIONS, Bench
from tests.support.histories import NOON_MS, NUMBER, event_id, granted, refused

DIALER = {"Authorization": "Bearer password"}
QUESTION = {"number": NUMBER, "entity": "acme", "channel": "voice"}


class Served:
    """An application over a bench."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.waiters = TokenWaiters(PARTITIONS, self.bench.view.has)
        authenticator = Authenticator(self.bench.registry, self.bench.clock)
        routes = GateRoutes(self.bench.gate, self.bench.registry, authenticator, self.waiters.wait)
        self.app: FastAPI = build_app("gate", [routes.router()], self.bench.gate.is_ready)
        self.client = client_of(self.app)

    def post(self, headers: dict[str, str] = DIALER, **fields: Any) -> httpx2.Response:
        return self.client.post("/v1/decisions", json=QUESTION | fields, headers=headers)

    def get(self, number: str = NUMBER, **params: Any) -> httpx2.Response:
        return self.client.get(
            f"/v1/check/{number}", params={"entity": "acme"} | params, headers=DIALER
        )


@pytest.fixture
def served() -> Served:
    return Served()


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["detail"]
    assert body["do"]
    assert NUMBER[3:] not in response.text
    return body


def test_an_allow_names_its_grant_and_its_position(served: Served) -> None:
    served.bench.know(granted())
    response = served.post()
    body = response.json()
    assert (response.status_code, body["verdict"], body["reasons"]) == (200, "allow", [])
    assert body["granted_by"] == event_id(2).hex()
    assert body["position"]["partition"] == served.bench.view.partition_of(NUMBER)
    assert body["staleness_ms"] == 0
    assert body["request_id"] == response.headers["x-request-id"]
    assert response.headers["cache-control"] == "no-store"


def test_both_ways_of_asking_answer_the_same(served: Served) -> None:
    served.bench.know(granted(), refused(at_ms=NOON_MS + 1))
    posted, got = served.post().json(), served.get().json()
    assert posted | {"request_id": ""} == got | {"request_id": ""}
    assert posted["verdict"] == "deny"


def test_a_stale_view_is_a_503_that_says_deny(served: Served) -> None:
    served.bench.know(granted())
    served.bench.clock.at_ms += 60_000
    response = served.post()
    body = problem(response, 503, "CL-2001")
    assert body["type"] == "urn:consentlog:problem:stale-state"
    assert body["verdict"] == "deny"
    assert body["reasons"] == [{"code": "stale", "detail": "stale"}]
    assert response.headers["retry-after"]


def test_not_bootstrapped_is_a_503_that_says_deny_and_is_not_ready(served: Served) -> None:
    served.bench.bootstrapped = False
    assert problem(served.post(), 503, "CL-2001")["verdict"] == "deny"
    assert served.client.get("/readyz").status_code == 503


def test_ready_once_level(served: Served) -> None:
    assert served.client.get("/readyz").status_code == 200


def test_a_number_that_is_none_is_an_answer_not_an_error(served: Served) -> None:
    body = served.post(number="138****8000").json()
    assert body["verdict"] == "deny"
    assert [reason["code"] for reason in body["reasons"]] == ["number_not_valid"]


def test_a_number_without_country_code_is_read_in_its_sources_region(served: Served) -> None:
    served.bench.know(granted())
    assert served.post(number="13800138000").json()["verdict"] == "allow"
    assert served.post(number="13800138000", region="US").json()["verdict"] == "deny"


def test_a_visible_token_answers_at_once(served: Served) -> None:
    served.bench.know(granted(), as_of=5)
    home = served.bench.view.partition_of(NUMBER)
    assert served.post(min_token=f"{home}:5").status_code == 200


def test_a_token_that_does_not_come_is_a_503_that_says_deny(served: Served) -> None:
    body = problem(served.post(min_token="3:99", wait_ms=20), 503, "CL-2002")
    assert body["type"] == "urn:consentlog:problem:not-yet-visible"
    assert body["verdict"] == "deny"


def test_a_token_is_waited_for_and_its_write_is_in_the_answer(served: Served) -> None:
    served.bench.know(granted(), as_of=1)
    home = served.bench.view.partition_of(NUMBER)

    async def scenario() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=served.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gate") as client:
            question = QUESTION | {"min_token": f"{home}:7", "wait_ms": 5000}
            waiting = asyncio.create_task(
                client.post("/v1/decisions", json=question, headers=DIALER)
            )
            await asyncio.sleep(0.05)
            assert not waiting.done()
            served.bench.know(granted(), refused(at_ms=NOON_MS + 1), as_of=7)
            served.waiters.notify(home)
            return await waiting

    body = asyncio.run(scenario()).json()
    assert body["verdict"] == "deny"
    assert body["position"]["as_of"] == 7


def test_a_caller_that_goes_away_leaves_no_waiter(served: Served) -> None:
    async def scenario() -> None:
        waiting = asyncio.create_task(served.waiters.wait(Position(0, 9), 10))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())
    served.waiters.notify(0)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "CL-1101"),
        ({"Authorization": "Bearer wrong"}, 401, "CL-1102"),
        ({"X-API-Key": "qwerty"}, 403, "CL-1103"),
    ],
)
def test_the_wrong_key_learns_nothing(
    served: Served, headers: dict[str, str], status: int, code: str
) -> None:
    served.bench.know(granted())
    body = problem(served.post(headers), status, code)
    assert "verdict" not in body


def test_a_key_asks_for_its_own_entities_only(served: Served) -> None:
    assert problem(served.post(entity="old"), 403, "CL-2004")["status"] == 403
    assert problem(served.get(entity="old"), 403, "CL-2004")["status"] == 403


def test_an_entity_that_nobody_has_is_an_answer(served: Served) -> None:
    reasons = served.post(entity="nobody").json()["reasons"]
    assert reasons == [{"code": "unknown_entity", "detail": "nobody"}]


@pytest.mark.parametrize(
    "fields",
    [
        {"purpose": "service"},
        {"channel": "all"},
        {"channel": 3},
        {"entity": ""},
        {"entity": "x" * 33},
        {"number": 13800138000},
        {"number": "1" * 65},
        {"region": "china"},
        {"min_token": "12:1"},
        {"min_token": "-1:1"},
        {"min_token": "1"},
        {"min_token": "1:9999999999999999999"},
        {"min_token": "１:１"},
        {"wait_ms": -1},
        {"wait_ms": 10_001},
        {"wait_ms": "long"},
    ],
    ids=str,
)
def test_a_question_of_another_form_is_refused(served: Served, fields: dict[str, Any]) -> None:
    body = problem(served.post(**fields), 422, "CL-1001")
    assert body["errors"][0]["pointer"] == f"/{next(iter(fields))}"


@pytest.mark.parametrize("params", [{"entity": None}, {"purpose": "service"}, {"wait_ms": "x"}])
def test_query_parameters_are_checked_alike(served: Served, params: dict[str, Any]) -> None:
    given = {name: value for name, value in ({"entity": "acme"} | params).items() if value}
    response = served.client.get(f"/v1/check/{NUMBER}", params=given, headers=DIALER)
    problem(response, 422, "CL-1001")


@pytest.mark.parametrize(
    ("content", "status"), [(b"{", 400), (b"[]", 422), (b'"x"', 422), (b"", 422), (b"\xff", 400)]
)
def test_a_body_that_is_no_question_is_refused(served: Served, content: bytes, status: int) -> None:
    headers = DIALER | {"Content-Type": "application/json"}
    response = served.client.post("/v1/decisions", content=content, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_ten_megabytes_are_refused_before_they_are_read(served: Served) -> None:
    response = served.client.post("/v1/decisions", content=b"x" * 10_000_000, headers=DIALER)
    problem(response, 413, "CL-1005")


def test_problems_speak_chinese_to_whoever_reads_it(served: Served) -> None:
    served.bench.bootstrapped = False
    response = served.post(DIALER | {"Accept-Language": "zh-CN"})
    assert "拒绝" in response.json()["detail"]


def test_metrics_count_verdicts_and_hold_no_number(served: Served) -> None:
    served.post()
    text = served.client.get("/metrics").text
    assert 'consentlog_gate_decisions_total{final="yes",verdict="deny"}' in text
    assert NUMBER[3:] not in text
