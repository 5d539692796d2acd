"""Logged-in users of an app: their back end asks how things stand, and states what they pressed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consentlog.domain.facts import key_of
from consentlog.domain.grants import flaw_of
from consentlog.domain.vocabulary import Action, ActorType, Channel, Method, Purpose, SetBy
from consentlog.ports import Position
from consentlog.wire.evidence import decode_evidence
from producers.channels.pages import Outside
from producers.preference.choices import PARTS
from producers.preference.standing import Standing
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.pages import KnownState

ADDRESS = "/v1/app/preferences"


@pytest.fixture
def state() -> KnownState:
    return KnownState()


@pytest.fixture
def gateway(tmp_path: Path, state: KnownState) -> Iterator[Gateway]:
    with memory_gateway(tmp_path, pages=Outside(state)) as found:
        yield found


def _press(gateway: Gateway, source: str = "app", **fields: Any) -> httpx2.Response:
    body = {
        "number": "13800138000",
        "action": "refused",
        "entity": "acme",
        "purpose": "marketing",
        "channel": "all",
        "user": "u-17",
        "nonce": "press-1",
        **fields,
    }
    body = {name: value for name, value in body.items() if value is not None}
    return gateway.client.post(ADDRESS, json=body, headers={"x-api-key": gateway.keys[source]})


def _agree(gateway: Gateway, **fields: Any) -> httpx2.Response:
    words = {"consent_text": "我同意", "text_version": "app-3"}
    return _press(gateway, **{"action": "granted", "channel": "sms", **words, **fields})


def _ask(
    gateway: Gateway, number: str = "13800138000", source: str = "app", **query: str
) -> httpx2.Response:
    headers = {"x-api-key": gateway.keys[source], "x-number": number}
    return gateway.client.get(ADDRESS, params={"entity": "acme", **query}, headers=headers)


def test_how_things_stand_by_line(gateway: Gateway, state: KnownState) -> None:
    said = [Standing.OPEN, Standing.REFUSED, Standing.NO_CONSENT, Standing.UNKNOWN]
    state.found = dict(zip(PARTS, said, strict=True))
    answer = _ask(gateway, seen="3:17")
    assert answer.status_code == 200
    assert [line["state"] for line in answer.json()["preferences"]] == [
        "open",
        "refused",
        "no_consent",
        "unknown",
    ]
    assert state.asked == [(NUMBER, "acme", Position(3, 17))]
    assert gateway.is_untouched


def test_a_user_refuses_in_one_step_and_once(gateway: Gateway) -> None:
    for _ in range(2):
        answer = _press(gateway, ip="203.0.113.9")
        assert answer.status_code == 202
        gateway.clock.at_ms += 1000
    assert len({key_of(event.fact) for event in gateway.events}) == 1
    event = gateway.events[0]
    fact = event.fact
    assert answer.json()["event_id"] == fact.event_id.hex()
    assert answer.json()["token"]
    assert (event.subject, fact.action, fact.method) == (NUMBER, Action.REFUSED, Method.APP)
    assert (fact.source, fact.actor_id, fact.actor_type) == ("app", "u-17", ActorType.PERSON)
    assert fact.occurred_at_set_by is SetBy.GATEWAY
    assert decode_evidence(event.evidence).ip == "203.0.113.9"


def test_service_is_refused_by_itself_as_on_the_page(gateway: Gateway) -> None:
    _press(gateway, purpose="service", channel="voice")
    assert (gateway.event.fact.purpose, gateway.event.fact.channel) == (
        Purpose.SERVICE,
        Channel.VOICE,
    )


def test_a_user_agrees_without_a_code_and_with_the_words(gateway: Gateway) -> None:
    assert _agree(gateway, language="zh").status_code == 202
    fact = gateway.event.fact
    assert (fact.action, fact.method, fact.channel) == (Action.GRANTED, Method.APP, Channel.SMS)
    assert flaw_of(fact, approved=False) is None
    evidence = decode_evidence(gateway.event.evidence)
    assert (evidence.verbatim, evidence.consent_text_version) == ("我同意", "app-3")


@pytest.mark.parametrize("missing", ["consent_text", "text_version"])
def test_a_consent_without_its_words_is_none(gateway: Gateway, missing: str) -> None:
    answer = _agree(gateway, ip="203.0.113.9", **{missing: None})
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1206")
    assert gateway.is_untouched


@pytest.mark.parametrize("source", ["desk", "care"])
def test_only_an_app_answers_for_its_users(gateway: Gateway, source: str) -> None:
    for answer in (_press(gateway, source), _ask(gateway, source=source)):
        assert (answer.status_code, answer.json()["code"]) == (403, "CL-1605")
    assert gateway.is_untouched


def test_without_a_key_nothing_is_told(gateway: Gateway, state: KnownState) -> None:
    answer = gateway.client.get(f"{ADDRESS}?entity=acme", headers={"x-number": NUMBER})
    assert answer.status_code == 401
    assert gateway.client.post(ADDRESS, json={}).status_code in (401, 422)
    assert not state.asked


def test_another_entity_is_not_the_apps_to_ask_about(gateway: Gateway, state: KnownState) -> None:
    assert _ask(gateway, entity="gamma").json()["code"] == "CL-1104"
    assert not state.asked


def test_a_number_that_is_none_is_said_without_it(gateway: Gateway) -> None:
    answer = _ask(gateway, "138****8000")
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1203")


def test_a_press_about_a_number_that_is_none_opens_a_review(gateway: Gateway) -> None:
    answer = _press(gateway, number="138****8000")
    assert answer.status_code == 422
    assert answer.json()["review_id"] == gateway.reviews[0].review_id.hex()


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "held"},
        {"purpose": None},
        {"nonce": None},
        {"user": "名字"},
        {"surprise": 1},
        {"channel": "mail"},
    ],
)
def test_a_press_that_has_another_form_is_refused(gateway: Gateway, fields: dict[str, Any]) -> None:
    answer = _press(gateway, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1001")
    assert gateway.is_untouched


def test_an_unknown_entity_becomes_a_hold(gateway: Gateway) -> None:
    answer = _press(gateway, entity="gamma")
    assert answer.status_code == 202
    assert answer.json()["review_id"]
    assert gateway.event.fact.action is Action.HELD


def test_a_press_while_the_log_is_away_is_spooled(gateway: Gateway) -> None:
    gateway.log.is_down = True
    assert _press(gateway).json()["durability"] == "spooled"


def test_a_full_spool_is_a_503(gateway: Gateway) -> None:
    gateway.log.is_full = True
    answer = _press(gateway)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_the_interface_says_what_it_answers(gateway: Gateway) -> None:
    document = gateway.client.get("/openapi.json").json()
    paths = document["paths"]
    assert {"202", "401", "403", "422", "429", "503"} <= set(paths[ADDRESS]["post"]["responses"])
    assert {"200", "404"} <= set(paths["/p/{token}"]["get"]["responses"])
    assert {"200", "404", "503"} <= set(paths["/p/{token}"]["post"]["responses"])
