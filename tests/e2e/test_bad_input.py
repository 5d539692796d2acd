"""Bad input over real HTTP gets a 4xx with a reason; bad records on the log stop nothing."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from consentlog.kafka.partition import partition_of
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import PARTITIONS, REVIEWS
from consentlog.local.stack import LocalStack
from consentlog.wire.reviews import ReviewEvent, ReviewReason, decode_review
from tests.support.gate_watch import ask, gate_of
from tests.support.gateway import grant, refusal
from tests.support.planted import append_raw
from tests.support.settled import auditor_of

pytestmark = pytest.mark.integration

PATIENCE_S = 60
_fresh = itertools.count(1)


def number() -> str:
    """A number that no other test uses (national form)."""
    return f"137{int(time.time()) % 10_000:04}{next(_fresh):04}"


@pytest.fixture
def gateway(stack: LocalStack) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=stack.url("gateway"), timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def keys(stack: LocalStack) -> dict[str, str]:
    found: dict[str, str] = json.loads(stack.layout.keys.read_text("utf-8"))
    return found


def is_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Check the form of a problem; returns it."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["detail"]
    assert body["why"]
    assert body["do"]
    return body


MALFORMED = (
    b"",
    b"{",
    b"[" * 100_000,
    b'{"number": NaN}',
    b'{"number": 1, "number": 2}',
    b'"\xff\xfe"',
    b"number=13700000000",
)
WRONG = (
    ({"x": 1}, "/x"),
    ({"number": 13700000000}, "/number"),
    ({"number": None}, "/number"),
    ({"action": "refuse"}, "/action"),
    ({"scope": "acme"}, "/scope"),
    ({"scope": {"entity": ["acme"]}}, "/scope/entity"),
    ({"occurred_at": 1795377368}, "/occurred_at"),
    ({"occurred_at": "yesterday"}, "/occurred_at"),
    ({"actor": {"id": "agent-7"}}, "/actor/type"),
)


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:12]))
def test_malformed_json(gateway: httpx2.Client, keys: dict[str, str], body: bytes) -> None:
    headers = {"X-API-Key": keys["desk"], "Content-Type": "application/json"}
    is_problem(gateway.post("/v1/consent-events", content=body, headers=headers), 400, "CL-1002")


@pytest.mark.parametrize(("fields", "pointer"), WRONG, ids=lambda value: str(value)[:30])
def test_unknown_fields_and_wrong_types_are_pointed_at(
    gateway: httpx2.Client, keys: dict[str, str], fields: dict[str, Any], pointer: str
) -> None:
    headers = {"X-API-Key": keys["desk"]}
    answer = gateway.post("/v1/consent-events", json=refusal(**fields), headers=headers)
    problem = is_problem(answer, 422, "CL-1001")
    assert pointer in {one["pointer"] for one in problem["errors"]}


@pytest.mark.parametrize("body", [[], "text", 7, None, [[refusal()]]])
def test_another_shape(gateway: httpx2.Client, keys: dict[str, str], body: object) -> None:
    headers = {"X-API-Key": keys["desk"]}
    content = json.dumps(body).encode()  # the client leaves out a None
    answer = gateway.post("/v1/consent-events", content=content, headers=headers)
    if isinstance(body, list) and body:
        (result,) = answer.json()["results"]
        assert (answer.status_code, result["status"]) == (207, "rejected")
    else:
        is_problem(answer, 422, "CL-1105" if body == [] else "CL-1001")


@pytest.mark.parametrize("path", ["/v1/consent-events", "/v1/sms/aliyun/{aliyun}", "/p/x"])
def test_10_mb(gateway: httpx2.Client, keys: dict[str, str], path: str) -> None:
    headers = {"X-API-Key": keys["desk"]}
    body = b"[" + b'"13700000000",' * 800_000 + b"1]"
    assert len(body) > 10_000_000
    answer = gateway.post(path.format_map(keys), content=body, headers=headers)
    is_problem(answer, 413, "CL-1005")
    assert gateway.get("/readyz").status_code == 200


def test_without_a_key_and_with_a_wrong_one(gateway: httpx2.Client, keys: dict[str, str]) -> None:
    path, body = "/v1/consent-events", refusal()
    is_problem(gateway.post(path, json=body), 401, "CL-1101")
    wrong = {"Authorization": "Bearer cl_wrong"}
    is_problem(gateway.post(path, json=body, headers=wrong), 401, "CL-1102")
    is_problem(gateway.post("/v1/sms/aliyun/cl_wrong", json=[{}]), 401, "CL-1102")
    dialer = {"X-API-Key": keys["dialer"]}
    is_problem(gateway.post(path, json=body, headers=dialer), 403, "CL-1103")
    assert gateway.post("/p/k1.AAAA").status_code == 404


def test_a_gate_refuses_bad_questions_too(stack: LocalStack, keys: dict[str, str]) -> None:
    headers = {"X-API-Key": keys["dialer"]}
    asked = {"number": number(), "entity": "acme", "campaign": "acme-life-spring"}
    with httpx2.Client(base_url=stack.url("gate"), timeout=30, trust_env=False) as gate:
        path = "/v1/decisions"
        is_problem(gate.post(path, json=asked), 401, "CL-1101")
        is_problem(gate.post(path, json=asked | {"x": 1}, headers=headers), 422, "CL-1001")
        token = asked | {"min_token": "x"}
        is_problem(gate.post(path, json=token, headers=headers), 422, "CL-1001")
        assert 400 <= gate.post(path, content=b"{", headers=headers).status_code < 500
        is_problem(gate.post(path, content=b" " * 10_000_001, headers=headers), 413, "CL-1005")
        unknown = gate.post(path, json=asked | {"campaign": "nobody"}, headers=headers)
        assert (unknown.status_code, unknown.json()["verdict"]) == (200, "deny")


def test_a_batch_reports_per_item(
    stack: LocalStack, gateway: httpx2.Client, keys: dict[str, str]
) -> None:
    good = [number(), number()]
    batch = [
        refusal(number=good[0], source_ref="b-0"),
        refusal(number="12", source_ref="b-1"),
        refusal(x=1),
        {"number": good[1]},
        grant(number=good[1], evidence=None),
        7,
        refusal(number=good[1], source_ref="b-6", occurred_at=None),
    ]
    headers = {"X-API-Key": keys["desk"]}
    answer = gateway.post("/v1/consent-events", json=batch, headers=headers)
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [one["index"] for one in results] == list(range(len(batch)))
    codes = [one.get("problem", {}).get("code") for one in results]
    assert codes == [None, "CL-1203", "CL-1001", "CL-1001", "CL-1206", "CL-1001", None]
    assert results[1]["review_id"]
    with gate_of(stack) as gate:
        for result, one in ((results[0], good[0]), (results[6], good[1])):
            reply = ask(gate, one, result["token"], 10_000)
            assert "refused" in {reason["code"] for reason in reply.reasons}


def reviews_of(stack: LocalStack, token: str) -> list[ReviewEvent]:
    found = (decode_review(one.value) for one in read_to_end(stack.bootstrap, REVIEWS.name))
    return [one for one in found if f"{one.partition}:{one.kafka_offset}" == token]


def same_partition(as_one: str) -> str:
    """Another number of the same partition (national form)."""
    wanted = partition_of(f"+86{as_one}".encode(), PARTITIONS)
    return next(
        one for one in iter(number, "") if partition_of(f"+86{one}".encode(), PARTITIONS) == wanted
    )


@pytest.mark.parametrize(
    "value",
    [b"", b"not an event", b"\x00\x00\x00\x00\x01rubbish", b"\x00\x00\x00\x00\x63\x02"],
    ids=["empty", "text", "truncated", "another-schema"],
)
def test_an_undecodable_record_holds_its_number_and_stops_nothing(
    stack: LocalStack, gateway: httpx2.Client, keys: dict[str, str], value: bytes
) -> None:
    held, neighbour = number(), same_partition(number())
    while partition_of(f"+86{held}".encode(), PARTITIONS) != partition_of(
        f"+86{neighbour}".encode(), PARTITIONS
    ):
        held = number()
    headers = {"X-API-Key": keys["app"]}
    yes = grant(number=held, source_ref=held)
    assert gateway.post("/v1/consent-events", json=yes, headers=headers).status_code == 202
    token = append_raw(stack.bootstrap, f"+86{held}".encode(), value)
    later = grant(number=neighbour, source_ref=neighbour)
    after = gateway.post("/v1/consent-events", json=later, headers=headers).json()
    partition, offset = map(int, token.split(":"))
    assert int(after["token"].split(":")[0]) == partition
    with gate_of(stack) as gate:
        assert ask(gate, neighbour, after["token"], 10_000).allowed, "folding went on"
        reply = ask(gate, held, token, 10_000)
    assert (reply.status, reply.allowed) == (200, False)
    assert ("held", "undecodable") in {(one["code"], one.get("detail")) for one in reply.reasons}
    (review,) = reviews_of(stack, token)
    assert (review.reason, review.subject) == (ReviewReason.UNDECODABLE, f"+86{held}")
    assert review.payload == value
    sql = (
        "SELECT decoded, defect, kafka_value FROM {database:Identifier}.consent_history"
        " WHERE kafka_partition = {partition:UInt16} AND kafka_offset = {offset:UInt64}"
    )
    client, deadline = auditor_of(stack), time.monotonic() + PATIENCE_S
    try:
        while not (rows := client.rows(sql, as_bytes=True, partition=partition, offset=offset)):
            assert time.monotonic() < deadline, "not in the history"
            time.sleep(0.2)
    finally:
        client.close()
    ((decoded, defect, stored),) = rows
    assert (bool(decoded), stored) == (False, value)
    assert defect
