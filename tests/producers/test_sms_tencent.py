"""Text messages as Tencent Cloud pushes them: recorded shapes, not the vendor itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consentlog.domain.facts import key_of
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Purpose, SetBy
from consentlog.reference.secrets import WebhookSecret
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewAction, ReviewReason
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.histories import NOON_MS
from tests.support.webhooks import KEY, relayed

TAKEN = {"result": 0, "errmsg": "OK"}


def reply(text: str, **fields: Any) -> dict[str, Any]:
    """A push as the vendor's page shows it."""
    return {
        "extend": "",
        "mobile": "13800138000",
        "nationcode": "86",
        "sign": "Acme保险",
        "text": text,
        "time": NOON_MS // 1000 - 60,
        **fields,
    }


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path, webhooks={"tencent": WebhookSecret({"k1": KEY})}) as found:
        yield found


def push(gateway: Gateway, text: str, **fields: Any) -> httpx2.Response:
    return gateway.push("tencent", json=reply(text, **fields))


def taken(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, TAKEN)


def test_a_keyword_refuses_marketing_on_every_channel(gateway: Gateway) -> None:
    taken(push(gateway, "TD"))
    fact = gateway.event.fact
    assert gateway.event.subject == NUMBER
    assert fact.action is Action.REFUSED
    assert fact.scope == ("acme", None, None, Purpose.MARKETING, Channel.ALL)
    assert (fact.occurred_at_ms, fact.occurred_at_set_by) == (NOON_MS - 60_000, SetBy.SOURCE)
    assert decode_evidence(gateway.event.evidence).verbatim == "TD"


def test_another_country_is_read_by_its_code(gateway: Gateway) -> None:
    taken(push(gateway, "STOP", nationcode="1", mobile="6502530000"))
    assert gateway.event.subject == "+16502530000"


@pytest.mark.parametrize("nation", [None, "", "中国", "86000", 1.5])
def test_without_a_country_code_the_source_decides(gateway: Gateway, nation: object) -> None:
    taken(push(gateway, "TD", nationcode=nation))
    assert gateway.event.subject == NUMBER


def test_a_whole_number_stays_whole(gateway: Gateway) -> None:
    taken(push(gateway, "TD", mobile="+8613800138000"))
    assert gateway.event.subject == NUMBER


def test_a_push_without_an_id_told_twice_is_one_fact(gateway: Gateway) -> None:
    taken(push(gateway, "TD"))
    gateway.clock.at_ms += 60_000
    taken(push(gateway, "TD"))
    assert len({key_of(event.fact) for event in gateway.events}) == 1


def test_the_same_word_at_another_time_is_another_act(gateway: Gateway) -> None:
    taken(push(gateway, "TD"))
    taken(push(gateway, "TD", time=NOON_MS // 1000 - 30))
    assert len({event.fact.event_id for event in gateway.events}) == 2


def test_start_opens_sms_marketing_only(gateway: Gateway) -> None:
    taken(push(gateway, "START"))
    fact = gateway.event.fact
    assert (fact.action, fact.channel) == (Action.GRANTED, Channel.SMS)


@pytest.mark.parametrize("time", [None, "soon", 10**20, -1, [1], 0])
def test_a_time_that_cannot_be_read_costs_no_refusal_and_makes_no_grant(
    gateway: Gateway, time: object
) -> None:
    taken(push(gateway, "TD", time=time))
    assert gateway.event.fact.action is Action.REFUSED
    assert gateway.event.fact.occurred_at_ms is None
    taken(push(gateway, "START", time=time))
    assert len(gateway.events) == 1
    assert len(gateway.reviews) == 1


def test_words_that_a_person_must_read_hold(gateway: Gateway) -> None:
    taken(push(gateway, "请回复TD退订是什么意思"))
    assert gateway.event.fact.hold_kind is HoldKind.UNCLEAR
    assert gateway.reviews[0].reason is ReviewReason.UNCLEAR_WORDS


def test_what_asks_for_nothing_is_recorded_as_received(gateway: Gateway) -> None:
    taken(push(gateway, "好的"))
    assert not gateway.events
    (review,) = gateway.reviews
    assert (review.action, review.decision) == (ReviewAction.DECIDED, "message_received")
    assert (review.subject, review.source) == (NUMBER, "tencent")
    assert "好的".encode() in review.payload


def test_a_signature_that_nobody_knows_holds_everything(gateway: Gateway) -> None:
    taken(push(gateway, "TD", sign="别家"))
    assert (gateway.event.fact.action, gateway.event.fact.entity) == (Action.HELD, "*")


def test_a_number_that_cannot_be_read_is_reviewed_and_taken(gateway: Gateway) -> None:
    taken(push(gateway, "TD", mobile="138****8000"))
    assert not gateway.events
    assert gateway.reviews[0].reason is ReviewReason.NUMBER_NOT_VALID


@pytest.mark.parametrize("missing", ["mobile", "text"])
def test_a_missing_field_is_reviewed_and_refused(gateway: Gateway, missing: str) -> None:
    answer = gateway.push("tencent", json={**reply("TD"), missing: None})
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1301")
    assert len(gateway.reviews) == 1
    assert not gateway.events


BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "CL-1002"),
    (b"mobile=13800138000&text=TD", 400, "CL-1002"),
    (b'{"text": "\xcd\xcb\xb6\xa9"}', 400, "CL-1002"),  # GBK
    (b'{"text": "TD", "text": "START"}', 400, "CL-1002"),
    (b"[]", 422, "CL-1301"),
    (b"7", 422, "CL-1301"),
    (b"x" * 3_000_000, 413, "CL-1005"),
]


@pytest.mark.parametrize(("body", "status", "code"), BODIES, ids=range(len(BODIES)))
def test_bodies_that_are_no_push(gateway: Gateway, body: bytes, status: int, code: str) -> None:
    answer = gateway.push("tencent", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not gateway.events
    # What came with the source's secret and could not be decoded is never dropped.
    is_kept = bool(body) and status != 413
    assert [one.reason for one in gateway.reviews] == [ReviewReason.UNDECODABLE] * is_kept


def test_a_wrong_secret_leaves_nothing(gateway: Gateway) -> None:
    assert gateway.push("tencent", "wrong", json=reply("TD")).status_code == 401
    assert gateway.push("tencent", gateway.keys["aliyun"], json=reply("TD")).status_code == 403
    assert gateway.is_untouched


def test_a_full_spool_makes_the_vendor_push_again(gateway: Gateway) -> None:
    gateway.log.is_full = True
    assert push(gateway, "TD").status_code == 503


def test_a_spooled_refusal_is_taken(gateway: Gateway) -> None:
    gateway.log.is_down = True
    taken(push(gateway, "TD"))
    assert len(gateway.log.spooled) == 1


def test_a_relays_signature_lets_a_refusal_count(signed: Gateway) -> None:
    taken(relayed(signed, "tencent", json.dumps(reply("TD")).encode()))
    assert signed.event.fact.action is Action.REFUSED


@pytest.mark.parametrize("text", ["TD", "退订吗"])
def test_a_forged_signature_only_holds(signed: Gateway, text: str) -> None:
    taken(relayed(signed, "tencent", json.dumps(reply(text)).encode(), key="f" * 32))
    fact = signed.event.fact
    assert (fact.action, fact.hold_kind) == (Action.HELD, HoldKind.UNVERIFIED)
    assert signed.reviews[0].reason is ReviewReason.NOT_AUTHENTICATED


def test_a_forged_consent_is_a_review_alone(signed: Gateway) -> None:
    taken(push(signed, "START"))
    assert not signed.events
    assert signed.reviews[0].reason is ReviewReason.NOT_AUTHENTICATED


def test_an_old_signature_only_holds(signed: Gateway) -> None:
    body = json.dumps(reply("TD")).encode()
    taken(relayed(signed, "tencent", body, at_ms=signed.clock.at_ms - 301_000))
    assert signed.event.fact.hold_kind is HoldKind.UNVERIFIED


def test_a_replayed_signature_is_answered_and_changes_nothing(signed: Gateway) -> None:
    body, at_ms = json.dumps(reply("START")).encode(), signed.clock.at_ms
    taken(relayed(signed, "tencent", body, at_ms=at_ms))
    signed.clock.at_ms += 60_000
    taken(relayed(signed, "tencent", body, at_ms=at_ms))
    assert len(signed.events) == 1


def test_what_was_not_taken_is_no_replay_when_it_comes_again(signed: Gateway) -> None:
    body, at_ms = json.dumps(reply("TD")).encode(), signed.clock.at_ms
    signed.log.is_full = True
    assert relayed(signed, "tencent", body, at_ms=at_ms).status_code == 503
    signed.log.is_full = False
    taken(relayed(signed, "tencent", body, at_ms=at_ms))
    assert signed.event.fact.action is Action.REFUSED


def test_holds_without_a_signature_are_capped(signed: Gateway) -> None:
    numbers = [f"138001380{n:02}" for n in range(60)]
    for number in numbers:
        taken(push(signed, "TD", mobile=number))
    answer = push(signed, "TD", mobile="13900139000")
    assert (answer.status_code, answer.json()["code"]) == (401, "CL-1302")
    taken(push(signed, "TD", mobile=numbers[0]))
    assert len({event.subject for event in signed.events}) == 60
    signed.clock.at_ms += 3_600_000
    taken(push(signed, "TD", mobile="13900139000"))
