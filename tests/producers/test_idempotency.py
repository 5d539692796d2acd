"""`Idempotency-Key`: one request, one answer; and never a refusal turned away for lack of one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx2
import pytest

from consentlog.http.problems import RequestRefused
from consentlog.ports import Delivered, NewRecord
from producers.app import build_gateway
from producers.idempotency import MAX_AGE_MS, Answers
from tests.support.asgi import client_of
from tests.support.gateway import FixedClock, Gateway, memory_gateway, refusal

KEY = {"idempotency-key": "k-1"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


def _code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_the_same_request_again_is_answered_as_it_was_and_recorded_once(gateway: Gateway) -> None:
    first = gateway.post(refusal(), **KEY)
    again = gateway.post(dict(reversed(refusal().items())), **KEY)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(gateway.events) == 1


def test_a_list_with_refused_lines_is_answered_as_it_was(gateway: Gateway) -> None:
    items = [refusal(), refusal(number="110")]
    first, again = (gateway.post(items, **KEY) for _ in range(2))
    assert first.status_code == 207
    assert (again.status_code, again.content) == (207, first.content)
    assert (len(gateway.events), len(gateway.reviews)) == (1, 1)


def test_the_same_key_over_another_body_is_a_422_and_records_nothing(gateway: Gateway) -> None:
    gateway.post(refusal(), **KEY)
    assert _code(gateway.post(refusal(number="13800138001"), **KEY)) == (422, "CL-1108")
    assert len(gateway.events) == 1


def test_keys_belong_to_the_api_key_that_sent_them(gateway: Gateway) -> None:
    gateway.post(refusal(), "desk", **KEY)
    assert gateway.post(refusal(number="13800138001"), "care", **KEY).status_code == 202
    assert len(gateway.events) == 2


def test_a_refusal_needs_no_key_and_an_empty_one_is_none(gateway: Gateway) -> None:
    for headers in ({}, {"idempotency-key": ""}):
        for _ in range(2):
            assert gateway.post(refusal(source_ref=None), **headers).status_code == 202
    assert len({event.fact.event_id for event in gateway.events}) == 4


def test_what_recorded_nothing_leaves_its_key_free(gateway: Gateway) -> None:
    assert _code(gateway.post(refusal(number="110"), **KEY)) == (422, "CL-1203")
    gateway.log.is_full = True
    assert _code(gateway.post(refusal(), **KEY)) == (503, "CL-1401")
    gateway.log.is_full = False
    assert gateway.post(refusal(), **KEY).status_code == 202


def test_a_request_that_is_sent_again_after_a_restart_is_the_same_act(tmp_path: Path) -> None:
    with memory_gateway(tmp_path) as gateway:
        one = gateway.post(refusal(source_ref=None), **KEY).json()
        again = build_gateway(gateway.reference, gateway.log, gateway.clock)
        with client_of(again) as gateway.client:
            other = gateway.post(refusal(source_ref=None), **KEY).json()
    assert one["event_id"] == other["event_id"]
    assert one["token"] != other["token"]


class _AskedAgain:
    """A log during whose append the same request comes in once more."""

    def __init__(self) -> None:
        self.gateway: Gateway | None = None
        self.second: httpx2.Response | None = None

    async def append(
        self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> Delivered:
        assert self.gateway is not None
        if self.second is None:
            self.second = await asyncio.to_thread(self.gateway.post, refusal(), **KEY)
        return await self.gateway.log.append(topic, key, value, headers)

    async def append_all(
        self, topic: str, records: Sequence[NewRecord], within_s: float | None = None
    ) -> list[Delivered]:
        return [await self.append(topic, *one[:2], list(one.headers)) for one in records]


def test_while_the_first_is_served_the_second_is_asked_to_wait(tmp_path: Path) -> None:
    log = _AskedAgain()
    with memory_gateway(tmp_path, log) as gateway:
        log.gateway = gateway
        assert gateway.post(refusal(), **KEY).status_code == 202
    assert log.second is not None
    assert _code(log.second) == (409, "CL-1107")
    assert log.second.headers["retry-after"] == "1"
    assert len(gateway.events) == 1


def _use(answers: Answers, key: str, body: object = "x", answer: bytes = b"a") -> bytes | None:
    with answers.turn("desk", key, body) as turn:
        if turn.earlier is not None:
            return turn.earlier.body
        turn.keep(202, answer)
    return None


def test_an_answer_is_kept_for_a_day() -> None:
    clock = FixedClock()
    answers = Answers(clock)
    assert _use(answers, "k") is None
    clock.at_ms += MAX_AGE_MS - 1
    assert _use(answers, "k") == b"a"
    clock.at_ms += 1
    assert _use(answers, "k", "another body") is None


def test_the_store_is_bounded_by_count_and_by_bytes() -> None:
    by_count = Answers(FixedClock(), max_answers=2)
    for key in ("a", "b", "c"):
        _use(by_count, key)
    assert [_use(by_count, key) for key in ("c", "b")] == [b"a", b"a"]
    assert _use(by_count, "a") is None
    by_bytes = Answers(FixedClock(), max_bytes=10)
    _use(by_bytes, "a", answer=b"123456")
    _use(by_bytes, "b", answer=b"123456")
    _use(by_bytes, "too much", answer=b"12345678901")
    assert _use(by_bytes, "b") == b"123456"
    assert _use(by_bytes, "too much") is None
    assert _use(by_bytes, "a") is None


def test_running_requests_are_never_pushed_out_and_one_too_many_runs_without() -> None:
    answers = Answers(FixedClock(), max_answers=1)
    with answers.turn("desk", "a", "x"):
        assert _use(answers, "b") is None
        assert _use(answers, "b") is None
        with pytest.raises(RequestRefused, match="CL-1107"), answers.turn("desk", "a", "x"):
            pass
