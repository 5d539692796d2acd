"""Which cases are opened, and which event each of them is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consentlog.domain.vocabulary import Action, HoldKind
from consentlog.reference.secrets import WebhookSecret
from consentlog.wire.reviews import ReviewAction, ReviewReason
from tests.support.gateway import (
    NUMBER,
    Gateway,
    corrected,
    grant,
    memory_gateway,
    message,
    refusal,
)

RECORDED = {"recording_sha256": "cd" * 32}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


WAITING: list[tuple[str, dict[str, Any]]] = [
    ("desk", grant(method="spoken", evidence=RECORDED)),
    ("care", corrected()),
]


@pytest.mark.parametrize(("source", "act"), WAITING, ids=["spoken grant", "correction"])
def test_what_needs_a_second_person_opens_one_case_however_often_it_is_sent(
    gateway: Gateway, source: str, act: dict[str, Any]
) -> None:
    answer, again = (gateway.post(act, source).json() for _ in range(2))
    assert (answer["needs_approval"], "held" in answer) == (True, False)
    assert again["review_id"] == answer["review_id"]
    event_id = bytes.fromhex(answer["event_id"])
    for case in gateway.reviews:
        assert case.review_id.hex() == answer["review_id"]
        assert (case.reason, case.event_id) == (ReviewReason.NEEDS_APPROVAL, event_id)
        assert (case.subject, case.entity, case.owner) == (NUMBER, "acme", "compliance")


def test_two_acts_of_one_text_are_two_cases(gateway: Gateway) -> None:
    for call in ("call-1", "call-2"):
        gateway.post(grant(method="spoken", evidence=RECORDED, source_ref=call))
    assert len({case.review_id for case in gateway.reviews}) == 2


@pytest.mark.parametrize("act", [refusal(), grant()], ids=["spoken refusal", "grant by app"])
def test_what_needs_nobody_opens_none(gateway: Gateway, act: dict[str, Any]) -> None:
    answer = gateway.post(act).json()
    assert not gateway.reviews
    assert not {"needs_approval", "review_id"} & answer.keys()


def test_a_refusal_that_became_a_hold_names_it(gateway: Gateway) -> None:
    scope = {"entity": "acme", "campaign": "nobody-knows"}
    answer = gateway.post(refusal(scope=scope)).json()
    (case,) = gateway.reviews
    assert answer["held"]
    assert "needs_approval" not in answer
    assert (case.event_id, case.entity) == (gateway.event.fact.event_id, "acme")
    assert gateway.event.fact.entity == "*"


def test_of_an_unknown_entity_nobody_knows_whom_it_is_about(gateway: Gateway) -> None:
    gateway.post(refusal(scope={"entity": "gamma"}))
    (case,) = gateway.reviews
    assert (case.event_id, case.entity) == (gateway.event.fact.event_id, None)


def test_a_row_that_nobody_understood_names_its_hold(gateway: Gateway) -> None:
    gateway.post(refusal(action="held", hold_kind="unclear", method="import"))
    (case,) = gateway.reviews
    assert (case.event_id, case.entity) == (gateway.event.fact.event_id, "acme")


def test_words_to_be_read_name_their_hold(gateway: Gateway) -> None:
    gateway.sms(message("请回复TD退订是什么意思"))
    (case,) = gateway.reviews
    assert gateway.event.fact.hold_kind is HoldKind.UNCLEAR
    assert (case.event_id, case.entity) == (gateway.event.fact.event_id, "acme")


def test_a_message_without_a_right_signature_names_its_hold(tmp_path: Path) -> None:
    secret = WebhookSecret({"k": "x" * 32})
    with memory_gateway(tmp_path, webhooks={"aliyun": secret}) as gateway:
        gateway.sms(message("TD"))
        (case,) = gateway.reviews
        assert gateway.event.fact.hold_kind is HoldKind.UNVERIFIED
        assert (case.event_id, case.entity) == (gateway.event.fact.event_id, "acme")


def test_a_case_without_an_event_names_none(gateway: Gateway) -> None:
    assert gateway.post(refusal(number="62345678")).status_code == 422
    assert gateway.sms(message("YES")).status_code == 200
    assert [case.event_id for case in gateway.reviews] == [None, None]


def test_a_message_that_was_only_received_says_when_it_was_decided(gateway: Gateway) -> None:
    gateway.sms(message("在吗"))
    (case,) = gateway.reviews
    assert case.action is ReviewAction.DECIDED
    assert case.decided_at_ms == case.opened_at_ms == gateway.clock.at_ms


def test_a_hold_that_the_caller_stated_is_no_case(gateway: Gateway) -> None:
    held = refusal(action="held", hold_kind="dispute", method=None)
    assert "held" not in gateway.post(held).json()
    assert gateway.event.fact.action is Action.HELD
    assert not gateway.reviews
