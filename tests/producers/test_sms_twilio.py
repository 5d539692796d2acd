"""Text messages as Twilio pushes them: recorded shapes and signatures, not the vendor itself."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest

from consentlog.domain.facts import key_of
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Purpose, SetBy
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewAction, ReviewReason
from producers.confirmation import CONFIRMATIONS
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.histories import NOON_MS
from tests.support.webhooks import FORM, twilio_push

AMERICAN = "+16502530000"
SID = "SM3f1c8f0e4b7a4d5c9e2b6a7d8c9e0f1a"


def fields(body: str, **changed: str | None) -> list[tuple[str, str]]:
    """A push as the vendor's page lists it."""
    found: dict[str, str | None] = {
        "ToCountry": "US",
        "MediaCount": "0",
        "SmsMessageSid": SID,
        "NumMedia": "0",
        "SmsSid": SID,
        "SmsStatus": "received",
        "Body": body,
        "To": "+15005550006",
        "NumSegments": "1",
        "MessageSid": SID,
        "AccountSid": "AC0123456789abcdef0123456789abcdef",
        "From": AMERICAN,
        "ApiVersion": "2010-04-01",
        "FromCity": "",
        **changed,
    }
    return [(name, value) for name, value in found.items() if value is not None]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


def push(gateway: Gateway, body: str, **changed: str | None) -> httpx2.Response:
    return twilio_push(gateway, fields(body, **changed))


def said(answer: httpx2.Response) -> list[str | None]:
    """What the answer tells the person."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    root = ET.fromstring(answer.text)  # our own answer
    assert root.tag == "Response"
    assert {child.tag for child in root} <= {"Message"}
    return [child.text for child in root]


def test_a_refusal_is_recorded_and_confirmed_once(gateway: Gateway) -> None:
    assert said(push(gateway, "Stop")) == [CONFIRMATIONS["en"]]
    fact = gateway.event.fact
    assert gateway.event.subject == AMERICAN
    assert fact.action is Action.REFUSED
    assert fact.scope == ("beta", None, None, Purpose.MARKETING, Channel.ALL)
    # The push has no time: it is at once, so the gateway's own.
    assert (fact.occurred_at_ms, fact.occurred_at_set_by) == (NOON_MS, SetBy.GATEWAY)
    assert decode_evidence(gateway.event.evidence).source_ref == SID


@pytest.mark.parametrize(("body", "sender"), [("退订", AMERICAN), ("TD", NUMBER)])
def test_a_chinese_message_or_number_is_answered_in_chinese(
    gateway: Gateway, body: str, sender: str
) -> None:
    assert said(push(gateway, body, From=sender)) == ["已退订，不再向您拨打营销电话。"]


def test_whom_twilio_has_answered_is_not_answered_again(gateway: Gateway) -> None:
    assert said(push(gateway, "STOP", OptOutType="STOP")) == []
    assert gateway.event.fact.action is Action.REFUSED


def test_a_word_that_only_the_account_knows_is_a_refusal(gateway: Gateway) -> None:
    assert said(push(gateway, "Schluss", OptOutType="STOP")) == []
    assert gateway.event.fact.action is Action.REFUSED
    assert decode_evidence(gateway.event.evidence).source_system == "vendor:refuse"


def test_start_opens_sms_marketing_only(gateway: Gateway) -> None:
    assert said(push(gateway, "START", OptOutType="START")) == []
    fact = gateway.event.fact
    assert fact.action is Action.GRANTED
    assert fact.scope == ("beta", None, None, Purpose.MARKETING, Channel.SMS)


@pytest.mark.parametrize("body", ["YES", "Los"])
def test_the_vendors_word_alone_is_no_consent(gateway: Gateway, body: str) -> None:
    assert said(push(gateway, body, OptOutType="START")) == []
    assert not gateway.events
    assert gateway.reviews[0].reason is ReviewReason.UNCLEAR_WORDS


def test_a_refusal_in_words_outweighs_the_vendors_consent(gateway: Gateway) -> None:
    said(push(gateway, "stop calling me", OptOutType="START"))
    assert gateway.event.fact.action is Action.REFUSED


def test_a_consent_without_an_id_is_a_review_alone(gateway: Gateway) -> None:
    said(push(gateway, "START", MessageSid=None, SmsSid=None))
    assert not gateway.events
    assert len(gateway.reviews) == 1


@pytest.mark.parametrize(("body", "kind"), [("HELP", "HELP"), ("thanks!", "")])
def test_what_asks_for_nothing_is_recorded_and_not_answered(
    gateway: Gateway, body: str, kind: str
) -> None:
    assert said(push(gateway, body, OptOutType=kind)) == []
    assert not gateway.events
    (review,) = gateway.reviews
    assert (review.action, review.decision) == (ReviewAction.DECIDED, "message_received")


def test_words_that_a_person_must_read_are_held_and_not_confirmed(gateway: Gateway) -> None:
    assert said(push(gateway, "don't stop calling")) == []
    assert gateway.event.fact.hold_kind is HoldKind.UNCLEAR


def test_fields_that_are_added_later_cost_nothing(gateway: Gateway) -> None:
    assert said(push(gateway, "STOP", NewField="x", Body2="")) == [CONFIRMATIONS["en"]]


def test_a_replayed_push_is_the_same_act(gateway: Gateway) -> None:
    # The signature has no time: the message's id is what a replay cannot change.
    said(push(gateway, "START"))
    gateway.clock.at_ms += 86_400_000
    said(push(gateway, "START"))
    assert len({key_of(event.fact) for event in gateway.events}) == 1


def test_a_replayed_consent_opens_nothing_after_a_refusal(gateway: Gateway) -> None:
    said(push(gateway, "START"))
    gateway.clock.at_ms += 1000
    said(push(gateway, "STOP", MessageSid="SM2"))
    gateway.clock.at_ms += 1000
    said(push(gateway, "START"))
    first, _, again = sorted(gateway.events, key=lambda event: event.fact.accepted_at_ms)
    assert key_of(first.fact) == key_of(again.fact)


@pytest.mark.parametrize("key", ["f" * 32, "0123456789abcdef0123456789abcdeg"])
def test_a_forged_signature_only_holds_and_is_not_confirmed(gateway: Gateway, key: str) -> None:
    assert said(twilio_push(gateway, fields("STOP"), key)) == []
    fact = gateway.event.fact
    assert (fact.action, fact.hold_kind) == (Action.HELD, HoldKind.UNVERIFIED)
    assert gateway.reviews[0].reason is ReviewReason.NOT_AUTHENTICATED


def test_a_signature_for_another_address_only_holds(gateway: Gateway) -> None:
    assert said(twilio_push(gateway, fields("STOP"), base="https://elsewhere.example")) == []
    assert gateway.event.fact.hold_kind is HoldKind.UNVERIFIED


def test_a_push_without_a_signature_only_holds(gateway: Gateway) -> None:
    answer = gateway.push("twilio", content=urlencode(fields("STOP")), headers=_form())
    assert said(answer) == []
    assert gateway.event.fact.hold_kind is HoldKind.UNVERIFIED


def test_without_a_key_in_the_secrets_every_push_only_holds(tmp_path: Path) -> None:
    with memory_gateway(tmp_path, webhooks={}) as gateway:
        assert said(twilio_push(gateway, fields("STOP"), "any")) == []
        assert gateway.event.fact.hold_kind is HoldKind.UNVERIFIED


def test_behind_a_proxy_the_address_is_the_one_in_the_secrets(tmp_path: Path) -> None:
    with memory_gateway(tmp_path / "a") as first:
        known = first.reference.secrets.webhooks["twilio"]
    outside = {"twilio": replace(known, base_url="https://gateway.example")}
    with memory_gateway(tmp_path / "b", webhooks=outside) as gateway:
        answer = twilio_push(gateway, fields("STOP"), base="https://gateway.example")
        assert said(answer) == [CONFIRMATIONS["en"]]


def test_a_forged_push_to_an_unknown_number_says_that_it_is_forged(gateway: Gateway) -> None:
    said(twilio_push(gateway, fields("STOP", To="+15005550009"), "f" * 32))
    assert gateway.event.fact.entity == "*"
    assert gateway.reviews[0].reason is ReviewReason.NOT_AUTHENTICATED
    assert "unknown" in gateway.reviews[0].detail


def test_a_forged_consent_is_a_review_alone(gateway: Gateway) -> None:
    said(twilio_push(gateway, fields("START"), "f" * 32))
    assert not gateway.events
    assert gateway.reviews[0].reason is ReviewReason.NOT_AUTHENTICATED


def test_pushes_without_a_signature_are_capped(gateway: Gateway) -> None:
    for n in range(60):
        pairs = fields("STOP", From=f"+165025300{n:02}", MessageSid=f"SM{n}")
        assert twilio_push(gateway, pairs, "f" * 32).status_code == 200
    answer = twilio_push(gateway, fields("STOP", From="+16502530099"), "f" * 32)
    assert (answer.status_code, answer.json()["code"]) == (401, "CL-1302")
    assert len(gateway.events) == 60
    # Bodies that cannot be read are under the same cap: the store stays bounded.
    answer = gateway.push("twilio", content=b"Body=%FF", headers=_form())
    assert answer.status_code == 401
    assert len(gateway.reviews) == 60
    # A right signature is still heard.
    assert said(push(gateway, "STOP")) == [CONFIRMATIONS["en"]]


def _form() -> dict[str, str]:
    return {"content-type": FORM}


BODIES: list[tuple[bytes, str, int, str]] = [
    (b"Body=STOP", FORM, 422, "CL-1301"),
    (b"From=%2B16502530000", FORM, 422, "CL-1301"),
    (b"From=%2B16502530000&From=%2B16502530001&Body=STOP", FORM, 422, "CL-1301"),
    (b"From=%2B16502530000&Body=%FF%FE", FORM, 400, "CL-1303"),
    (b"&".join(b"a=1" for _ in range(201)), FORM, 400, "CL-1303"),
    (b'{"Body": "STOP"}', "application/json", 415, "CL-1304"),
    (b"Body=" + b"x" * 4_000_000, FORM, 413, "CL-1005"),
    (b"From=%2B16502530000&Body=" + b"x" * 9000, FORM, 422, "CL-1301"),
]


@pytest.mark.parametrize(("body", "media", "status", "code"), BODIES, ids=range(len(BODIES)))
def test_bodies_that_are_no_push(
    gateway: Gateway, body: bytes, media: str, status: int, code: str
) -> None:
    answer = gateway.push("twilio", content=body, headers={"content-type": media})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not gateway.events
    assert len(gateway.reviews) == (status != 413)


def test_a_full_spool_is_told(gateway: Gateway) -> None:
    gateway.log.is_full = True
    assert push(gateway, "STOP").status_code == 503


def test_a_spooled_refusal_is_taken_and_confirmed(gateway: Gateway) -> None:
    gateway.log.is_down = True
    assert said(push(gateway, "STOP")) == [CONFIRMATIONS["en"]]
    assert len(gateway.log.spooled) == 1
