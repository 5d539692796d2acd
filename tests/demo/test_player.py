"""What the player sends, and what it remembers for later steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx2
import pytest

from consentlog.demo.player import Player
from consentlog.demo.script import Expect, Step
from consentlog.demo.template import day_lookup
from consentlog.errors import TransientError

PAGE = '<form method="post"><input type="hidden" name="nonce" value="n0nce"><button>x</button>'


def step(name: str, request: dict[str, Any]) -> Step:
    return Step(name, "", "web", {"en": "", "zh": ""}, request, Expect())


def player(
    handler: Callable[[httpx2.Request], httpx2.Response], log: list[tuple[str, bytes]] | None = None
) -> Player:
    minted = iter(("first", "second"))

    def append(key: str, value: bytes) -> str:
        assert log is not None
        log.append((key, value))
        return "3:7"

    return Player(
        httpx2.Client(base_url="http://gateway", transport=httpx2.MockTransport(handler)),
        {"desk": "cl_desk", "aliyun": "cl_sms"},
        day_lookup(date(2026, 11, 22)),
        lambda _number: next(minted),
        append,
    )


def test_a_button_sends_the_nonce_of_its_page_to_the_same_link() -> None:
    seen: list[tuple[str, str, str]] = []

    def gateway(request: httpx2.Request) -> httpx2.Response:
        seen.append((request.method, request.url.path, request.content.decode()))
        return httpx2.Response(200, html=PAGE)

    one = player(gateway)
    link = "/p/{link:+8613800138031}"
    one.play(step("page", {"method": "GET", "path": link}))
    one.play(step("act", {"method": "POST", "path": link, "form": {"nonce": "{nonce:page}"}}))
    assert seen == [("GET", "/p/first", ""), ("POST", "/p/first", "nonce=n0nce")]


def test_answers_are_read_item_by_item_and_event_ids_are_remembered() -> None:
    bodies: list[bytes] = []

    def gateway(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["Authorization"] == "Bearer cl_desk"
        bodies.append(request.content)
        return httpx2.Response(
            207,
            json={
                "results": [
                    {"status": "accepted", "event_id": "aa", "token": "0:1"},
                    {"status": "rejected", "problem": {"code": "CL-1203"}, "review_id": "bb"},
                ]
            },
        )

    one = player(gateway)
    request = {"method": "POST", "path": "/", "key": "desk"}
    played = one.play(step("list", request | {"json": {"at": "{day}"}}))
    assert (played.codes, played.review_ids) == ((None, "CL-1203"), (None, "bb"))
    assert played.tokens == (("0:1", "aa"),)
    one.play(step("next", request | {"json": {"target": "{event_id:list}"}}))
    assert bodies == [b'{"at":"2026-11-22"}', b'{"target":"aa"}']


def test_bytes_go_straight_to_the_log() -> None:
    log: list[tuple[str, bytes]] = []
    played = player(lambda _request: httpx2.Response(500), log).play(
        step("strange", {"key": "+8613800138039", "value_hex": "00ff"})
    )
    assert log == [("+8613800138039", b"\x00\xff")]
    assert (played.status, played.tokens) == (None, (("3:7", None),))


def test_no_answer_is_no_answer() -> None:
    def gateway(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with pytest.raises(TransientError, match="CL-9002"):
        player(gateway).play(step("x", {"method": "GET", "path": "/"}))


def test_a_step_cannot_refer_to_what_did_not_happen() -> None:
    with pytest.raises(KeyError, match="event_id:never"):
        player(lambda _request: httpx2.Response(200)).play(
            step("x", {"method": "GET", "path": "/{event_id:never}"})
        )
