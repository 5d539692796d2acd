"""Text messages as Huawei Cloud pushes them, form and JSON: recorded shapes, not the vendor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from consentlog.domain.facts import key_of
from consentlog.domain.vocabulary import Action, Channel, HoldKind, SetBy
from consentlog.wire.reviews import ReviewAction, ReviewReason
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.histories import NOON_MS
from tests.support.webhooks import FORM, huawei_headers

TAKEN = {"resultCode": "0"}
FIELDS = {
    "smsMsgId": "7f5a0b3c-3b1e-4f7a-8b1a-2b7c0f4b1a11_2078",
    "from": "+8613800138000",
    "to": "1069012345",
    "body": "TD",
    "createTime": "2025-11-22T03:59:00Z",
}


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[Gateway]:
    """The demo's world, where the vendor's push authentication is switched on."""
    with memory_gateway(tmp_path) as found:
        yield found


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Push authentication is off: the secret in the path is all there is."""
    with memory_gateway(tmp_path, webhooks={}) as found:
        yield found


def form(gateway: Gateway, body: str = "TD", **fields: str | None) -> httpx2.Response:
    named = {**FIELDS, "body": body, **fields}
    pairs = [(name, value) for name, value in named.items() if value is not None]
    return raw(gateway, urlencode(pairs).encode())


def raw(gateway: Gateway, body: bytes, content_type: str = FORM) -> httpx2.Response:
    return gateway.push("huawei", content=body, headers={"content-type": content_type})


def as_json(gateway: Gateway, content: str, **fields: Any) -> httpx2.Response:
    pushed = {
        "mobile": "13800138000",
        "content": content,
        "sendTime": "2025-11-22 11:59:00",
        "extCode": "1069012345",
        **fields,
    }
    return gateway.push("huawei", json=pushed)


def push(
    gateway: Gateway,
    fields: Sequence[tuple[str, str]] = tuple(FIELDS.items()),
    key: str | None = None,
    at_ms: int | None = None,
) -> httpx2.Response:
    body = urlencode(fields).encode()
    key = key or gateway.reference.secrets.webhooks["huawei"].keys["demo-ak"]
    at_ms = gateway.clock.at_ms if at_ms is None else at_ms
    headers = huawei_headers(gateway, body, key, at_ms)
    return gateway.push("huawei", content=body, headers=headers)


def taken(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, TAKEN)


def test_a_form_refuses(gateway: Gateway) -> None:
    taken(form(gateway))
    fact = gateway.event.fact
    assert (gateway.event.subject, fact.entity) == (NUMBER, "acme")
    assert (fact.action, fact.channel) == (Action.REFUSED, Channel.ALL)
    # The form's time is in UTC, whatever the source's zone.
    assert (fact.occurred_at_ms, fact.occurred_at_set_by) == (NOON_MS - 60_000, SetBy.SOURCE)


def test_json_refuses(gateway: Gateway) -> None:
    taken(as_json(gateway, "拒收"))
    fact = gateway.event.fact
    assert (gateway.event.subject, fact.entity, fact.action) == (NUMBER, "acme", Action.REFUSED)
    # Its time has no zone: the source's.
    assert fact.occurred_at_ms == NOON_MS - 60_000


def test_json_with_a_charset_is_json(gateway: Gateway) -> None:
    body = b'{"mobile": "8613800138000", "content": "TD", "extCode": "1069012345"}'
    taken(raw(gateway, body, "Application/JSON; charset=utf-8"))
    assert gateway.event.fact.action is Action.REFUSED


def test_a_form_told_again_is_one_fact(gateway: Gateway) -> None:
    taken(form(gateway))
    gateway.clock.at_ms += 300_000
    taken(form(gateway))
    assert len({key_of(event.fact) for event in gateway.events}) == 1


def test_start_opens_sms_and_needs_its_time(gateway: Gateway) -> None:
    taken(form(gateway, "START"))
    assert (gateway.event.fact.action, gateway.event.fact.channel) == (Action.GRANTED, Channel.SMS)
    taken(form(gateway, "START", createTime=None, smsMsgId="other"))
    assert len(gateway.events) == 1
    assert len(gateway.reviews) == 1


def test_a_missing_time_costs_no_refusal(gateway: Gateway) -> None:
    taken(form(gateway, "退订", createTime=None))
    assert gateway.event.fact.occurred_at_ms is None


def test_fields_that_are_added_later_cost_nothing(gateway: Gateway) -> None:
    taken(form(gateway, source="3", orderId=""))
    assert gateway.event.fact.action is Action.REFUSED


def test_what_asks_for_nothing_is_recorded_as_received(gateway: Gateway) -> None:
    taken(as_json(gateway, "谢谢"))
    assert not gateway.events
    (review,) = gateway.reviews
    assert (review.action, review.decision) == (ReviewAction.DECIDED, "message_received")


def test_an_unknown_number_holds_everything(gateway: Gateway) -> None:
    taken(form(gateway, to="99999"))
    assert (gateway.event.fact.action, gateway.event.fact.entity) == (Action.HELD, "*")


BODIES: list[tuple[bytes, str, int, str]] = [
    (b"from=%2B8613800138000&body=%CD%CB%B6%A9", FORM, 400, "CL-1303"),  # GBK
    (b"from=%2B8613800138000&body=\xcd\xcb\xb6\xa9", FORM, 400, "CL-1303"),
    (b"&".join(b"a=1" for _ in range(300)), FORM, 400, "CL-1303"),
    (b"from=%2B8613800138000", FORM, 422, "CL-1301"),
    (b"body=TD", FORM, 422, "CL-1301"),
    (b"from=%2B8613800138000&body=TD&body=START", FORM, 422, "CL-1301"),
    (b"TD", FORM, 422, "CL-1301"),
    (b"[]", "application/json", 422, "CL-1301"),
    (b"{", "application/json", 400, "CL-1002"),
    (b"{}", "application/json", 422, "CL-1301"),
    (b"<x/>", "text/xml", 415, "CL-1304"),
    (b"from=%2B8613800138000&body=TD", "", 415, "CL-1304"),
    (b"--b\r\n", "multipart/form-data; boundary=b", 415, "CL-1304"),
]


@pytest.mark.parametrize(("body", "media", "status", "code"), BODIES, ids=range(len(BODIES)))
def test_bodies_that_are_no_push_are_reviewed_and_refused(
    gateway: Gateway, body: bytes, media: str, status: int, code: str
) -> None:
    answer = raw(gateway, body, media)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not gateway.events
    (review,) = gateway.reviews
    assert review.reason in (ReviewReason.UNDECODABLE, ReviewReason.UNCLEAR_WORDS)


def test_a_body_of_many_megabytes(gateway: Gateway) -> None:
    assert raw(gateway, b"a=" + b"x" * 5_000_000).status_code == 413
    assert gateway.is_untouched


def test_a_right_signature_lets_a_refusal_count(signed: Gateway) -> None:
    taken(push(signed))
    assert signed.event.fact.action is Action.REFUSED
    assert not signed.reviews


def test_without_its_signature_a_refusal_only_holds(signed: Gateway) -> None:
    taken(form(signed))
    assert signed.event.fact.hold_kind is HoldKind.UNVERIFIED
    assert signed.reviews[0].reason is ReviewReason.NOT_AUTHENTICATED


def test_a_forged_signature_only_holds(signed: Gateway) -> None:
    taken(push(signed, key="f" * 32))
    assert signed.event.fact.hold_kind is HoldKind.UNVERIFIED


def test_a_signature_over_another_body_only_holds(signed: Gateway) -> None:
    key = signed.reference.secrets.webhooks["huawei"].keys["demo-ak"]
    headers = huawei_headers(signed, b"from=1&body=hello", key, signed.clock.at_ms)
    body = urlencode(FIELDS).encode()
    taken(signed.push("huawei", content=body, headers=headers))
    assert signed.event.fact.hold_kind is HoldKind.UNVERIFIED


def test_an_old_signature_only_holds(signed: Gateway) -> None:
    taken(push(signed, at_ms=signed.clock.at_ms - 600_000))
    assert signed.event.fact.hold_kind is HoldKind.UNVERIFIED


def test_a_replayed_signature_is_answered_and_changes_nothing(signed: Gateway) -> None:
    at_ms = signed.clock.at_ms
    taken(push(signed))
    signed.clock.at_ms += 1000
    taken(push(signed, at_ms=at_ms))
    assert len(signed.events) == 1


def test_a_consent_without_a_signature_is_a_review_alone(signed: Gateway) -> None:
    taken(form(signed, "START"))
    assert not signed.events
    assert signed.reviews[0].reason is ReviewReason.NOT_AUTHENTICATED
