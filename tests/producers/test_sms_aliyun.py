"""Text messages as Alibaba Cloud pushes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from consentlog.domain.facts import key_of
from consentlog.domain.registry import Entity, SmsNumber
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Method, Purpose, SetBy
from consentlog.reference.secrets import WebhookSecret
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewAction, ReviewReason
from tests.support.gateway import NUMBER, Gateway, memory_gateway, message
from tests.support.histories import NOON_MS
from tests.support.webhooks import KEY, relayed


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


def _taken(gateway: Gateway, *messages: object) -> None:
    answer = gateway.sms(*messages)
    assert answer.status_code == 200
    assert answer.json() == {"code": 0, "msg": "接收成功"}


def test_a_keyword_refuses_marketing_on_every_channel(gateway: Gateway) -> None:
    _taken(gateway, message(" 【ＴＤ】。"))
    event = gateway.event
    fact = event.fact
    assert event.subject == NUMBER
    assert fact.action is Action.REFUSED
    assert fact.scope == ("acme", None, None, Purpose.MARKETING, Channel.ALL)
    assert (fact.method, fact.source) == (Method.KEYWORD, "aliyun")
    # 11:59 without a zone is Shanghai's.
    assert (fact.occurred_at_ms, fact.occurred_at_set_by) == (NOON_MS - 60_000, SetBy.SOURCE)
    evidence = decode_evidence(event.evidence)
    assert evidence.verbatim == " 【ＴＤ】。"
    assert evidence.source_ref == "1234567890"
    assert not gateway.reviews


def test_start_opens_sms_marketing_only(gateway: Gateway) -> None:
    _taken(gateway, message("start"))
    fact = gateway.event.fact
    assert fact.action is Action.GRANTED
    assert fact.scope == ("acme", None, None, Purpose.MARKETING, Channel.SMS)
    assert fact.has_evidence


@pytest.mark.parametrize("sequence_id", [1234567890, "1234567890", 1234567890.0])
def test_a_push_repeated_is_one_fact(gateway: Gateway, sequence_id: object) -> None:
    _taken(gateway, message("TD", sequence_id=sequence_id))
    gateway.clock.at_ms += 1000
    _taken(gateway, message("TD", sequence_id=sequence_id))
    assert len({key_of(event.fact) for event in gateway.events}) == 1


def test_ids_that_lost_digits_do_not_merge_two_messages(gateway: Gateway) -> None:
    _taken(
        gateway,
        message("TD", sequence_id=1.5e18),
        message("TD", sequence_id=1.5e18, send_time="2025-11-22 11:59:30"),
    )
    assert len({event.fact.event_id for event in gateway.events}) == 2


def test_messages_that_nothing_names_are_acts_of_their_own(gateway: Gateway) -> None:
    nameless = message("TD", sequence_id=None, send_time=None)
    _taken(gateway, nameless, nameless)
    assert len({event.fact.event_id for event in gateway.events}) == 2
    assert {event.fact.occurred_at_ms for event in gateway.events} == {None}


@pytest.mark.parametrize("content", ["请回复TD退订是什么意思", "don't stop", "START🚫", "退定"])
def test_words_that_a_person_must_read_hold_and_open_a_review(
    gateway: Gateway, content: str
) -> None:
    _taken(gateway, message(content))
    fact = gateway.event.fact
    assert (fact.action, fact.hold_kind) == (Action.HELD, HoldKind.UNCLEAR)
    assert fact.scope == ("acme", None, None, Purpose.MARKETING, Channel.ALL)
    (review,) = gateway.reviews
    assert (review.reason, review.subject) == (ReviewReason.UNCLEAR_WORDS, NUMBER)
    assert content.encode() in review.payload


def test_a_yes_without_a_question_is_a_review_and_no_grant(gateway: Gateway) -> None:
    _taken(gateway, message("yes"))
    assert not gateway.events
    assert gateway.reviews[0].reason is ReviewReason.UNCLEAR_WORDS


def test_a_phrase_is_a_refusal(gateway: Gateway) -> None:
    _taken(gateway, message("说了不要再打了！"))
    assert gateway.event.fact.action is Action.REFUSED


@pytest.mark.parametrize(
    "content", ["帮助", "好的", "我在开会，请不要打电话", "Auto-reply: I am away"]
)
def test_what_asks_for_nothing_is_recorded_as_received_and_holds_nothing(
    gateway: Gateway, content: str
) -> None:
    _taken(gateway, message(content))
    _taken(gateway, message(content))
    assert not gateway.events
    first, again = gateway.reviews
    assert (first.action, first.decision) == (ReviewAction.DECIDED, "message_received")
    assert (first.subject, first.source) == (NUMBER, "aliyun")
    assert content.encode() in first.payload
    assert again.review_id == first.review_id


@pytest.mark.parametrize(
    "fields",
    [
        {"dest_code": "999", "sign_name": None},
        {"dest_code": None, "sign_name": "别家"},
    ],
)
def test_a_refusal_to_an_unknown_number_holds_everything(
    gateway: Gateway, fields: dict[str, object]
) -> None:
    _taken(gateway, message("TD", **fields))
    assert gateway.event.fact.action is Action.HELD
    assert gateway.event.fact.entity == "*"
    assert gateway.reviews[0].reason is ReviewReason.UNKNOWN_SCOPE


def test_a_refusal_to_an_entity_that_the_vendor_may_not_speak_for_holds_everything(
    gateway: Gateway,
) -> None:
    registry = gateway.reference.registry
    cast("dict[str, Entity]", registry.entities)["other"] = Entity("other")
    cast("dict[str, SmsNumber]", registry.sms_numbers)["777"] = SmsNumber("777", "other")
    _taken(gateway, message("TD", dest_code="777", sign_name=None))
    assert gateway.event.fact.action is Action.HELD
    assert gateway.event.fact.entity == "*"
    assert gateway.reviews[0].reason is ReviewReason.UNKNOWN_SCOPE


@pytest.mark.parametrize(
    "fields",
    [
        {"dest_code": "999", "sign_name": None},
        {"send_time": "soon"},
        {"send_time": None},
        {"send_time": "2025-11-22 12:30:00"},
    ],
)
def test_a_doubtful_start_is_a_review_and_no_grant(
    gateway: Gateway, fields: dict[str, object]
) -> None:
    _taken(gateway, message("START", **fields))
    assert not gateway.events
    assert len(gateway.reviews) == 1


def test_a_refusal_with_an_unreadable_time_is_a_refusal(gateway: Gateway) -> None:
    _taken(gateway, message("TD", send_time="soon"))
    assert gateway.event.fact.occurred_at_ms is None


@pytest.mark.parametrize(
    "fields",
    [
        {"send_time": 1_763_780_000_000},
        {"send_time": " " * 600 + "2025-11-22 11:00:00"},
        {"sequence_id": "9" * 300},
        {"sequence_id": {"a": 1}},
        {"sign_name": 5},
    ],
)
def test_a_field_in_another_shape_does_not_cost_a_refusal(
    gateway: Gateway, fields: dict[str, object]
) -> None:
    _taken(gateway, message("TD", **fields))
    assert gateway.event.fact.action is Action.REFUSED


def test_a_bad_message_does_not_hold_up_the_others(gateway: Gateway) -> None:
    _taken(gateway, message("TD", phone_number="138****8000"), {"x": 1}, message("TD"))
    assert gateway.event.fact.action is Action.REFUSED
    assert {review.reason for review in gateway.reviews} == {
        ReviewReason.NUMBER_NOT_VALID,
        ReviewReason.UNCLEAR_WORDS,
    }


def test_a_push_without_a_message_is_refused_and_reviewed(gateway: Gateway) -> None:
    assert gateway.sms({"x": 1}, {"phone_number": NUMBER}).status_code == 422
    assert [review.reason for review in gateway.reviews] == [ReviewReason.UNCLEAR_WORDS] * 2
    assert not gateway.events


def test_a_push_without_a_message_whose_review_is_not_durable_comes_again(
    gateway: Gateway,
) -> None:
    gateway.log.is_full = True
    assert gateway.sms({"x": 1}).status_code == 503


def test_a_spool_that_is_full_makes_the_vendor_push_again(gateway: Gateway) -> None:
    gateway.log.is_full = True
    answer = gateway.sms(message("TD"))
    assert (answer.status_code, answer.json()["code"]) == (503, "CL-1401")


def test_while_the_log_is_away_the_vendor_is_answered_as_ever(gateway: Gateway) -> None:
    gateway.log.is_down = True
    assert gateway.sms(message("TD")).json()["code"] == 0
    assert len(gateway.log.spooled) == 1


def test_fields_that_the_vendor_adds_are_no_reason_to_lose_a_refusal(gateway: Gateway) -> None:
    _taken(gateway, message("TD", new_field={"a": 1}))
    assert gateway.event.fact.action is Action.REFUSED


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[Gateway]:
    """A relay of our own stands in front of the vendor, and signs."""
    with memory_gateway(tmp_path, webhooks={"aliyun": WebhookSecret({"k1": KEY})}) as found:
        yield found


def _relayed(signed: Gateway, content: str, **how: Any) -> None:
    answer = relayed(signed, "aliyun", json.dumps([message(content)]).encode(), **how)
    assert (answer.status_code, answer.json()["code"]) == (200, 0)


def test_a_relays_signature_lets_a_refusal_count(signed: Gateway) -> None:
    _relayed(signed, "TD")
    assert signed.event.fact.action is Action.REFUSED


def test_a_forged_or_old_signature_only_holds(signed: Gateway) -> None:
    _relayed(signed, "TD", key="f" * 32)
    _relayed(signed, "TD", at_ms=signed.clock.at_ms - 301_000)
    _taken(signed, message("TD"))
    assert {event.fact.hold_kind for event in signed.events} == {HoldKind.UNVERIFIED}
    assert {review.reason for review in signed.reviews} == {ReviewReason.NOT_AUTHENTICATED}


def test_a_replayed_signature_is_answered_and_changes_nothing(signed: Gateway) -> None:
    at_ms = signed.clock.at_ms
    _relayed(signed, "TD")
    signed.clock.at_ms += 1000
    _relayed(signed, "TD", at_ms=at_ms)
    assert len(signed.events) == 1


def test_what_a_push_without_a_signature_may_leave_is_capped(signed: Gateway) -> None:
    numbers = [f"138001380{n:02}" for n in range(61)]
    answer = signed.sms(*[message("TD", phone_number=number) for number in numbers])
    assert (answer.status_code, answer.json()["code"]) == (401, "CL-1302")
    assert len(signed.events) == 60
