"""What is refused at the door: a 4xx problem with a reason, and nothing published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway import Gateway, grant, memory_gateway, message, refusal


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


BODIES: list[tuple[str, bytes, int, str]] = [
    ("nothing", b"", 400, "CL-1002"),
    ("cut", b'{"number": "138', 400, "CL-1002"),
    ("not utf-8", b'{"number": "\xff"}', 400, "CL-1002"),
    ("NaN", b'{"number": NaN}', 400, "CL-1002"),
    ("a key twice", b'{"number": "1", "number": "2"}', 400, "CL-1002"),
    ("deep", b"[" * 100_000, 400, "CL-1002"),
    ("a huge integer", b"9" * 10_000, 400, "CL-1002"),
    ("a number", b"7", 422, "CL-1001"),
    ("null", b"null", 422, "CL-1001"),
    ("an empty object", b"{}", 422, "CL-1001"),
    ("an empty list", b"[]", 422, "CL-1105"),
    ("10 MB", b"x" * 10_000_000, 413, "CL-1005"),
]


@pytest.mark.parametrize(
    ("body", "status", "code"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES]
)
def test_bodies_that_are_none(gateway: Gateway, body: bytes, status: int, code: str) -> None:
    headers = {"x-api-key": gateway.keys["desk"], "content-type": "application/json"}
    answer = gateway.client.post("/v1/consent-events", content=body, headers=headers)
    assert gateway.is_untouched
    _refused(answer.status_code, answer.json(), status, code)


FIELDS: list[tuple[dict[str, object], str]] = [
    ({"colour": "red"}, "/colour"),
    ({"number": 13800138000}, "/number"),
    ({"number": "1" * 300}, "/number"),
    ({"number": "\ud800"}, "/number"),
    ({"action": "REFUSED"}, "/action"),
    ({"action": None}, "/action"),
    ({"scope": "acme"}, "/scope"),
    ({"scope": {"entity": "*" * 33}}, "/scope/entity"),
    ({"scope": {"entity": "宏大"}}, "/scope/entity"),
    ({"scope": {"entity": ""}}, "/scope/entity"),
    ({"scope": {"entity": "acme", "channel": "fax"}}, "/scope/channel"),
    ({"actor": {"id": "a"}}, "/actor/type"),
    ({"actor": {"id": "a", "type": "robot"}}, "/actor/type"),
    ({"evidence": {"recording_sha256": "AB"}}, "/evidence/recording_sha256"),
    ({"evidence": {"recording_offset_ms": "5"}}, "/evidence/recording_offset_ms"),
    ({"evidence": {"verbatim": "x" * 9000}}, "/evidence/verbatim"),
    ({"target": "xyz"}, "/target"),
    ({"target": "ab" * 16}, "/target"),
    ({"hold_kind": "dispute"}, "/hold_kind"),
    ({"until": "2026-01-01T00:00:00Z"}, "/until"),
    ({"method": None}, "/method"),
    ({"region": "cn"}, "/region"),
    ({"occurred_at": 1_763_784_000_000}, "/occurred_at"),
    ({"occurred_at": "yesterday"}, "/occurred_at"),
    ({"occurred_at": "2025-02-30T00:00:00Z"}, "/occurred_at"),
    ({"occurred_at": "2025-W47-5"}, "/occurred_at"),
    ({"occurred_at": "1970-01-01T00:00:00Z"}, "/occurred_at"),
    ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at"),
    ({"occurred_at": "2025-11-20"}, "/occurred_at"),
    ({"occurred_at": "2025-11-20T10:00:00Z", "precision": "day"}, "/occurred_at"),
    ({"recorded_at": "now"}, "/recorded_at"),
    ({"zone": "Mars/Olympus"}, "/zone"),
    ({"zone": "../../etc/passwd"}, "/zone"),
    ({"action": "held"}, "/hold_kind"),
    ({"action": "held", "hold_kind": "conflict"}, "/hold_kind"),
    ({"action": "held", "hold_kind": "dispute", "until": "2026-01-01T00:00:00Z"}, "/until"),
]


@pytest.mark.parametrize(("fields", "pointer"), FIELDS, ids=[str(f[0])[:60] for f in FIELDS])
def test_fields_that_are_wrong_are_pointed_at(
    gateway: Gateway, fields: dict[str, object], pointer: str
) -> None:
    body = json.dumps(refusal(**fields))
    headers = {"x-api-key": gateway.keys["desk"]}
    answer = gateway.client.post("/v1/consent-events", content=body, headers=headers)
    found = answer.json()
    assert gateway.is_untouched
    _refused(answer.status_code, found, 422, "CL-1001")
    assert pointer in [error["pointer"] for error in found["errors"]]


GRANTS: list[dict[str, object]] = [
    {"evidence": None},
    {"evidence": {}},
    {"method": "letter"},
    {"method": "spoken"},
    {"occurred_at": None},
]


@pytest.mark.parametrize("fields", GRANTS, ids=[str(fields) for fields in GRANTS])
def test_a_grant_that_could_never_count(gateway: Gateway, fields: dict[str, object]) -> None:
    answer = gateway.post(grant(**fields))
    assert gateway.is_untouched
    _refused(answer.status_code, answer.json(), 422, "CL-1206")


def test_too_many_items(gateway: Gateway) -> None:
    answer = gateway.post([{}] * 1001)
    assert gateway.is_untouched
    _refused(answer.status_code, answer.json(), 422, "CL-1105")


def test_keys_that_are_missing_wrong_or_may_not(gateway: Gateway) -> None:
    url = "/v1/consent-events"
    answer = gateway.client.post(url, json=refusal())
    assert gateway.is_untouched
    _refused(answer.status_code, answer.json(), 401, "CL-1101")
    answer = gateway.client.post(url, json=refusal(), headers={"x-api-key": "cl_wrong"})
    assert gateway.is_untouched
    _refused(answer.status_code, answer.json(), 401, "CL-1102")
    for source, body in (("dialer", refusal()), ("compliance", grant())):
        answer = gateway.post(body, source)
        assert gateway.is_untouched
        _refused(answer.status_code, answer.json(), 403, "CL-1103")


def test_a_role_that_the_key_does_not_carry(gateway: Gateway) -> None:
    actor = {"id": "agent-7", "type": "agent", "role": "compliance"}
    answer = gateway.post(refusal(actor=actor))
    assert gateway.is_untouched
    _refused(answer.status_code, answer.json(), 403, "CL-1103")


PUSHES: list[tuple[object, int, str]] = [
    (message("TD"), 422, "CL-1301"),
    ([], 422, "CL-1301"),
    (["TD"], 422, "CL-1301"),
    ([{"phone_number": "13800138000"}], 422, "CL-1301"),
    ([message("TD", phone_number=None)], 422, "CL-1301"),
    ([message("TD") | {"content": ["TD"]}], 422, "CL-1301"),
    ([message("TD")] * 1001, 422, "CL-1301"),
]


@pytest.mark.parametrize(("push", "status", "code"), PUSHES, ids=range(len(PUSHES)))
def test_pushes_that_are_none(gateway: Gateway, push: object, status: int, code: str) -> None:
    answer = gateway.client.post(f"/v1/sms/aliyun/{gateway.keys['aliyun']}", json=push)
    count = len(push) if isinstance(push, list) and 1 <= len(push) <= 1000 else 1
    # The vendor gives up: a person must see what no program could read.
    assert len(gateway.reviews) == count
    assert not gateway.events
    _refused(answer.status_code, answer.json(), status, code)


def test_a_push_that_is_not_json_or_has_a_wrong_secret(gateway: Gateway) -> None:
    answer = gateway.sms(message("TD"), secret="wrong")
    assert gateway.is_untouched
    _refused(answer.status_code, answer.json(), 401, "CL-1102")
    answer = gateway.sms(message("TD"), secret=gateway.keys["desk"])
    assert gateway.is_untouched
    _refused(answer.status_code, answer.json(), 403, "CL-1103")
    answer = gateway.client.post(f"/v1/sms/aliyun/{gateway.keys['aliyun']}", content=b"[{")
    assert not gateway.events
    assert gateway.reviews[0].payload == b"[{"
    _refused(answer.status_code, answer.json(), 400, "CL-1002")


def _refused(status: int, body: dict[str, object], wanted: int, code: str) -> None:
    assert (status, body["code"]) == (wanted, code), body
    assert body["detail"]
    assert body["why"]
