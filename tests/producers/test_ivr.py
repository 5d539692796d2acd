"""`POST /v1/ivr`: digits refuse, ask for later, or nothing; what nobody knows holds and is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from consentlog.domain.policy import Policy
from consentlog.domain.registry import Period
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Channel,
    HoldKind,
    Method,
    Purpose,
    SetBy,
)
from consentlog.reference.load import load_policy
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewAction, ReviewReason
from producers.limits import LimitSettings
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.histories import NOON_MS

_DAY_MS: Final = 86_400_000
_PRESSED_MS: Final = NOON_MS - 60_000
_PRESSED: Final = datetime.fromtimestamp(_PRESSED_MS / 1000, UTC).isoformat()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


def press(**fields: Any) -> dict[str, Any]:
    return {
        "number": "13800138000",
        "menu": "acme-main",
        "choice": "1",
        "call_id": "call-7",
        "occurred_at": _PRESSED,
        **fields,
    }


def post(gateway: Gateway, source: str = "ivr", **fields: Any) -> Any:
    body = {name: value for name, value in press(**fields).items() if value is not None}
    return gateway.client.post("/v1/ivr", json=body, headers={"x-api-key": gateway.keys[source]})


def test_a_refusing_digit_refuses_the_entity_on_every_channel(gateway: Gateway) -> None:
    answer = post(gateway, org="Callworks Ltd")
    event = gateway.event
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert answer.json()["event_id"] == event.fact.event_id.hex()
    assert answer.json()["token"].partition(":")[2] == "0"
    fact = event.fact
    assert (event.subject, fact.action, fact.method) == (NUMBER, Action.REFUSED, Method.KEYWORD)
    assert (fact.entity, fact.brand, fact.campaign) == ("acme", None, None)
    assert (fact.purpose, fact.channel) == (Purpose.MARKETING, Channel.ALL)
    assert (fact.actor_type, fact.actor_id, fact.source) == (ActorType.PERSON, "subject", "ivr")
    assert (fact.occurred_at_ms, fact.occurred_at_set_by) == (_PRESSED_MS, SetBy.SOURCE)
    evidence = decode_evidence(event.evidence)
    assert evidence.verbatim == "DTMF 1, menu acme-main"
    assert (evidence.source_ref, evidence.actor_org) == ("call-7", "Callworks Ltd")
    assert gateway.reviews == []


def test_a_menu_may_say_less_and_then_its_words_are_kept(gateway: Gateway) -> None:
    post(gateway, menu="acme-life-calls")
    fact = gateway.event.fact
    assert (fact.entity, fact.brand, fact.channel) == ("acme", "acme-life", Channel.VOICE)
    said = decode_evidence(gateway.event.evidence).verbatim
    assert said == "DTMF 1, menu acme-life-calls: 不再接听 Acme 人寿的推销电话请按 1"


def test_one_press_told_twice_is_one_act_and_two_presses_are_two(gateway: Gateway) -> None:
    first = post(gateway).json()["event_id"]
    assert post(gateway).json()["event_id"] == first
    others = [
        post(gateway, call_id="call-8").json()["event_id"],
        post(gateway, menu="acme-life-calls").json()["event_id"],
        post(gateway, choice="2").json()["event_id"],
    ]
    assert len({first, *others}) == 4


def test_later_holds_for_the_days_that_the_menu_says(gateway: Gateway) -> None:
    assert post(gateway, choice="2").status_code == 202
    fact = gateway.event.fact
    assert (fact.action, fact.hold_kind) == (Action.HELD, HoldKind.NOT_NOW)
    assert fact.until_ms == _PRESSED_MS + 14 * _DAY_MS


@pytest.mark.parametrize("stated", [None, "2031-01-01T00:00:00Z"])
def test_later_without_a_usable_time_ends_alike_however_often_it_is_told(
    gateway: Gateway, stated: str | None
) -> None:
    for _ in range(2):
        assert post(gateway, choice="2", occurred_at=stated).status_code == 202
        gateway.clock.at_ms += 5000
    one, other = (event.fact for event in gateway.events)
    assert one.until_ms == NOON_MS - NOON_MS % _DAY_MS + 15 * _DAY_MS
    assert (one.event_id, one.until_ms) == (other.event_id, other.until_ms)


def test_a_policy_row_shortens_what_a_menu_promises(tmp_path: Path) -> None:
    row = (
        'version = 1\n[[deployment]]\nid = "a-week"\njurisdiction = "CN"\nwhat = "not_now_max"\n'
        'value = 7\nfrom = 2020-01-01T00:00:00+08:00\nreason = "ours"\n'
    )
    (tmp_path / "own.toml").write_text(row)
    policy: Policy = load_policy(tmp_path / "own.toml")
    with memory_gateway(tmp_path / "world", policy=policy) as gateway:
        assert post(gateway, choice="2").status_code == 202
        assert gateway.event.fact.until_ms == _PRESSED_MS + 7 * _DAY_MS


def test_nothing_is_kept_and_changes_nothing(gateway: Gateway) -> None:
    answer = post(gateway, choice="9")
    assert (answer.status_code, answer.json()) == (202, {"status": "received"})
    assert gateway.events == []
    (kept,) = gateway.reviews
    assert (kept.action, kept.decision) == (ReviewAction.DECIDED, "message_received")
    assert (kept.decided_by, kept.subject) == ("ivr menu", NUMBER)


def test_a_digit_that_the_menu_does_not_name_holds_its_entity_and_is_read(gateway: Gateway) -> None:
    answer = post(gateway, choice="7")
    event, (case,) = gateway.event, gateway.reviews
    assert (answer.status_code, answer.json()["held"]) == (202, True)
    assert answer.json()["review_id"] == case.review_id.hex()
    assert (event.fact.action, event.fact.hold_kind) == (Action.HELD, HoldKind.UNCLEAR)
    assert (event.fact.entity, event.fact.channel) == ("acme", Channel.ALL)
    assert (case.reason, case.subject) == (ReviewReason.UNCLEAR_WORDS, NUMBER)
    assert case.event_id == event.fact.event_id
    assert b'"choice": "7"' in case.payload


def test_a_menu_that_nobody_knows_holds_every_entity_and_is_read(gateway: Gateway) -> None:
    assert post(gateway, menu="menu 13800138000").json()["held"] is True
    event, (case,) = gateway.event, gateway.reviews
    assert (event.fact.hold_kind, event.fact.entity) == (HoldKind.UNCLEAR, "*")
    assert case.reason is ReviewReason.UNKNOWN_SCOPE
    assert "13800138000" not in case.detail
    post(gateway, menu="menu 13800138000")
    assert {case.review_id} == {one.review_id for one in gateway.reviews}


def test_what_a_digit_means_is_what_it_meant_when_it_was_pressed(tmp_path: Path) -> None:
    with memory_gateway(tmp_path) as gateway:
        menus = gateway.reference.registry.ivr_menus
        over = replace(menus["acme-main"], period=Period(None, NOON_MS - 30_000))
        menus["acme-main"] = over  # type: ignore[index]  # the dictionary behind the mapping
        post(gateway)
        post(gateway, call_id="call-8", occurred_at=None)
        told = {event.fact.action for event in gateway.events}
    assert told == {Action.REFUSED, Action.HELD}


@pytest.mark.parametrize("number", [None, "", "anonymous", "138****8000"])
def test_a_number_that_is_withheld_or_none_goes_to_a_person(
    gateway: Gateway, number: str | None
) -> None:
    answer = post(gateway, number=number)
    (case,) = gateway.reviews
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1203")
    assert answer.json()["review_id"] == case.review_id.hex()
    assert case.reason is ReviewReason.NUMBER_NOT_VALID
    assert gateway.events == []


def test_nobody_presses_a_consent(gateway: Gateway) -> None:
    for menu in gateway.reference.registry.ivr_menus:
        for at, choice in enumerate("0123456789*#ABCD"):
            assert post(gateway, menu=menu, choice=choice, call_id=f"c{at}").status_code == 202
    assert {event.fact.action for event in gateway.events} == {Action.REFUSED, Action.HELD}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"choice": "yes"}, "/choice"),
        ({"choice": ""}, "/choice"),
        ({"call_id": None}, "/call_id"),
        ({"menu": "主菜单"}, "/menu"),
        ({"occurred_at": "yesterday"}, "/occurred_at"),
        ({"zone": "Mars"}, "/zone"),
        ({"action": "granted"}, "/action"),
    ],
)
def test_another_form_is_turned_away_by_its_field(
    gateway: Gateway, fields: dict[str, Any], pointer: str
) -> None:
    answer = post(gateway, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1001")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert gateway.is_untouched


def test_a_key_speaks_for_its_own_entities_and_with_its_own_rights(tmp_path: Path) -> None:
    with memory_gateway(tmp_path) as gateway:
        assert post(gateway, source="dialer").json()["code"] == "CL-1103"
        assert gateway.client.post("/v1/ivr", json=press()).status_code == 401
        menus = gateway.reference.registry.ivr_menus
        strange = replace(menus["acme-main"], entity="gamma")
        menus["acme-main"] = strange  # type: ignore[index]  # as above
        entities = gateway.reference.registry.entities
        entities["gamma"] = replace(entities["acme"], id="gamma")  # type: ignore[index]  # as above
        answer = post(gateway)
        (case,) = gateway.reviews
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1104")
    assert answer.json()["review_id"] == case.review_id.hex()


def test_a_body_that_is_no_json_is_said_so(gateway: Gateway) -> None:
    headers = {"x-api-key": gateway.keys["ivr"]}
    answer = gateway.client.post("/v1/ivr", content=b"menu=1", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "CL-1002")


def test_later_by_a_clock_that_is_weeks_behind_holds_as_long_as_it_says(gateway: Gateway) -> None:
    behind = datetime.fromtimestamp(NOON_MS / 1000, UTC) - timedelta(days=20)
    date = behind.strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-api-key": gateway.keys["ivr"], "date": date}
    body = press(choice="2", occurred_at=behind.isoformat())
    answer = gateway.client.post("/v1/ivr", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    assert gateway.event.fact.until_ms == NOON_MS - NOON_MS % _DAY_MS + 15 * _DAY_MS


def test_a_clock_that_runs_behind_makes_a_press_undated(gateway: Gateway) -> None:
    late = datetime.fromtimestamp(NOON_MS / 1000, UTC) - timedelta(hours=1)
    headers = {"x-api-key": gateway.keys["ivr"], "date": late.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    answer = gateway.client.post("/v1/ivr", json=press(), headers=headers)
    assert answer.json()["clock_wrong"] is True
    assert gateway.event.fact.clock_wrong


def test_a_fast_caller_waits_and_is_never_turned_away(tmp_path: Path) -> None:
    limits = LimitSettings(acts_per_second=1000, burst_acts=1)
    with memory_gateway(tmp_path, limits=limits) as gateway:
        assert {post(gateway, call_id=f"c{n}").status_code for n in range(5)} == {202}
        assert len(gateway.events) == 5
