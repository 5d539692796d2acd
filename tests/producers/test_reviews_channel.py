"""`/v1/reviews`: who sees which case, how it is shown, who has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consentlog.kafka.topics import REVIEWS
from consentlog.ports import Record
from consentlog.wire.reviews import ReviewAction, ReviewEvent, ReviewReason
from producers.channels import reviews as channel
from producers.reviews.book import ReviewBook
from tests.support.gateway import NUMBER, Gateway, memory_gateway, message, refusal
from tests.support.histories import NOON_MS
from tests.support.reviews import FollowedLog, record_of

MASKED = "+86138****8000"
UNKNOWN = {"entity": "acme", "campaign": "nobody-knows"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture
def log() -> FollowedLog:
    return FollowedLog()


@pytest.fixture
def gateway(world: Path, log: FollowedLog) -> Iterator[Gateway]:
    with memory_gateway(world, log, book=log.book) as found:
        yield found


def get(gateway: Gateway, path: str = "", source: str = "compliance") -> httpx2.Response:
    return gateway.client.get(f"/v1/reviews{path}", headers={"x-api-key": gateway.keys[source]})


def post(gateway: Gateway, path: str, body: object, source: str = "compliance") -> httpx2.Response:
    headers = {"x-api-key": gateway.keys[source]}
    return gateway.client.post(f"/v1/reviews/{path}", json=body, headers=headers)


def held(gateway: Gateway, **fields: Any) -> str:
    """A refusal of a campaign that nobody knows: a hold, and its case."""
    answer = gateway.post(refusal(scope=UNKNOWN, **fields))
    assert answer.json()["held"]
    return str(answer.json()["review_id"])


def file(log: FollowedLog, *events: ReviewEvent) -> None:
    """Put review events into the log past the gateway."""
    for event in events:
        log.book.apply(record_of(event, log.book.next_offset))


def case(at: int, **fields: Any) -> ReviewEvent:
    event = ReviewEvent(bytes([at]) * 16, ReviewReason.UNCLEAR_WORDS, NOON_MS + at, "aliyun")
    return replace(event, **fields)


def test_a_case_is_listed_with_all_that_its_owner_needs(gateway: Gateway) -> None:
    review_id = held(gateway)
    gateway.clock.at_ms += 61_999
    (shown,) = get(gateway).json()["reviews"]
    event_id = shown.pop("event_id")
    assert shown == {
        "review_id": review_id,
        "state": "open",
        "reason": "unknown_scope",
        "opened_at": "2025-11-22T04:00:00.000Z",
        "age_seconds": 61,
        "owner": "compliance",
        "source": "desk",
        "entity": "acme",
        "number": MASKED,
        "detail": "unknown: entity acme / campaign nobody-knows as one scope",
    }
    assert len(event_id) == 32


def test_it_says_where_a_record_of_the_log_lies(gateway: Gateway, log: FollowedLog) -> None:
    file(log, case(1, source="fold", topic="consent.events.v1", partition=0, kafka_offset=7))
    (shown,) = get(gateway).json()["reviews"]
    assert (shown["topic"], shown["partition"], shown["offset"]) == ("consent.events.v1", 0, 7)
    assert "entity" not in shown


def test_pages_are_told_oldest_first_and_none_twice(gateway: Gateway, log: FollowedLog) -> None:
    file(log, *(case(at) for at in (3, 1, 5, 2, 4)))
    seen, after = [], ""
    for _ in range(3):
        page = get(gateway, f"?limit=2{after}").json()
        seen += [int(one["review_id"][:2], 16) for one in page["reviews"]]
        after = f"&after={page.get('next')}"
    assert (seen, after) == ([1, 2, 3, 4, 5], "&after=None")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?reason=hole", [2]),
        ("?owner=legal-1", [3]),
        ("?source=huawei", [4]),
        ("?reason=unclear_words&source=aliyun", [1, 3]),
        ("?state=open", [1, 2, 3, 4]),
    ],
)
def test_lists_are_narrowed(
    gateway: Gateway, log: FollowedLog, query: str, found: list[int]
) -> None:
    file(
        log,
        case(1),
        case(2, reason=ReviewReason.HOLE),
        case(3),
        case(4, source="huawei"),
        case(3, action=ReviewAction.ASSIGNED, owner="legal-1"),
    )
    shown = get(gateway, query).json()["reviews"]
    assert [int(one["review_id"][:2], 16) for one in shown] == found


def test_one_case_is_shown_whole_and_masked(gateway: Gateway) -> None:
    gateway.sms(message("请回复TD退订是什么意思，我的号码13800138000"))
    (listed,) = get(gateway).json()["reviews"]
    whole = get(gateway, f"/{listed['review_id']}").json()
    assert whole.pop("payload").count("138****8000") == 2
    assert whole == listed
    assert NUMBER[3:] not in get(gateway, f"/{listed['review_id']}").text


def test_unmasked_only_for_a_key_that_may_and_never_unseen(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(channel.log, "info", lambda event, **facts: lines.append((event, facts)))
    review_id = held(gateway)
    refused = get(gateway, f"/{review_id}?unmask=true", "care")
    assert (refused.status_code, refused.json()["code"]) == (403, "CL-1103")
    assert not lines
    shown = get(gateway, f"/{review_id}?unmask=true").json()
    assert shown["number"] == NUMBER
    assert "13800138000" in shown["payload"]
    assert lines == [("number_unmasked", {"review_id": review_id, "key": "compliance-1"})]
    get(gateway, f"/{review_id}?unmask=false")
    assert len(lines) == 1


@pytest.mark.parametrize("source", ["desk", "app", "dialer"])
def test_a_key_without_the_right_sees_nothing(gateway: Gateway, source: str) -> None:
    review_id = held(gateway)
    for answer in (
        get(gateway, "", source),
        get(gateway, f"/{review_id}", source),
        post(gateway, f"{review_id}/owner", {"owner": "me"}, source),
        post(gateway, f"{review_id}/decisions", {"decision": "dismissed", "reason": "x"}, source),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "CL-1103")


def test_who_may_read_may_not_decide(gateway: Gateway, log: FollowedLog) -> None:
    review_id = held(gateway)
    assert get(gateway, "", "care").json()["reviews"]
    for what, body in (
        ("owner", {"owner": "care-3"}),
        ("decisions", {"decision": "dismissed", "reason": "x"}),
    ):
        answer = post(gateway, f"{review_id}/{what}", body, "care")
        assert (answer.status_code, answer.json()["code"]) == (403, "CL-1103")
    assert len(log.records(REVIEWS.name)) == 1


def of_acme(gateway: Gateway) -> None:
    """Let the compliance key speak for acme alone."""
    source = gateway.reference.registry.sources["compliance"]
    object.__setattr__(source, "entities", frozenset({"acme"}))


@pytest.mark.parametrize(
    ("fields", "is_seen"),
    [
        ({"entity": "acme"}, True),
        ({"entity": "beta"}, False),
        ({"source": "aliyun"}, True),
        ({"source": "huawei"}, True),
        ({"source": "of-beta"}, False),
        ({"source": "fold"}, True),
        ({"source": "of-beta", "entity": "acme"}, True),
    ],
    ids=str,
)
def test_a_key_sees_cases_of_its_own_entities(
    gateway: Gateway, log: FollowedLog, fields: dict[str, Any], is_seen: bool
) -> None:
    of_acme(gateway)
    sources: Any = gateway.reference.registry.sources
    sources["of-beta"] = replace(sources["huawei"], id="of-beta", entities=frozenset({"beta"}))
    found = case(1, **fields)
    file(log, found)
    path = f"/{found.review_id.hex()}"
    assert bool(get(gateway).json()["reviews"]) == is_seen
    assert get(gateway, path).status_code == (200 if is_seen else 404)
    decided = post(gateway, f"{path[1:]}/decisions", {"decision": "dismissed", "reason": "spam"})
    assert decided.status_code == (202 if is_seen else 404)
    # Somebody who may decides it: that changes nothing about who may know of it.
    step = replace(found, action=ReviewAction.DECIDED, decision="dismissed", decided_by="other-1")
    file(log, step)
    assert get(gateway, path).status_code == (200 if is_seen else 404)


def test_an_owner_is_given_and_told(gateway: Gateway, log: FollowedLog) -> None:
    review_id = held(gateway)
    answer = post(gateway, f"{review_id}/owner", {"owner": "legal-1"})
    assert (answer.status_code, answer.json()["owner"]) == (202, "legal-1")
    assert [one["review_id"] for one in get(gateway, "?owner=legal-1").json()["reviews"]] == [
        review_id
    ]
    step = log.records(REVIEWS.name)[-1]
    assert NUMBER.encode() in (step.value or b"")  # the step says whose case it is
    assert b"verbatim" not in (step.value or b"")  # and does not repeat what came in


def test_nobody_is_told_anything_before_all_is_read(tmp_path: Path) -> None:
    book = ReviewBook()
    book.apply(record_of(case(1), 0))
    with memory_gateway(tmp_path, book=book) as gateway:
        path = case(1).review_id.hex()
        for answer in (
            get(gateway),
            get(gateway, f"/{path}"),
            post(gateway, f"{path}/owner", {"owner": "legal-1"}),
            post(gateway, f"{path}/decisions", {"decision": "dismissed", "reason": "x"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "CL-1801")
            assert int(answer.headers["retry-after"]) > 0
        assert gateway.client.get("/readyz").status_code == 200
        assert gateway.is_untouched
        book.reached_end()
        assert get(gateway).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/" + "ab" * 16, 404, "CL-1802"),
        ("/" + "AB" * 16, 422, "CL-1001"),
        ("/xyz", 422, "CL-1001"),
        ("?reason=boredom", 422, "CL-1001"),
        ("?state=decided", 422, "CL-1001"),
        ("?limit=0", 422, "CL-1001"),
        ("?limit=501", 422, "CL-1001"),
        ("?after=7", 422, "CL-1001"),
        ("?colour=red", 422, "CL-1001"),
    ],
)
def test_what_is_asked_wrongly(gateway: Gateway, path: str, status: int, code: str) -> None:
    answer = get(gateway, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_case_of_version_1_is_shown_too(gateway: Gateway, log: FollowedLog) -> None:
    file = resources.files("schemas") / "examples" / "review-event-v1.opened.hex"
    log.book.apply(Record(REVIEWS.name, 0, 0, NOON_MS, b"k", bytes.fromhex(file.read_text())))
    (listed,) = get(gateway).json()["reviews"]
    whole = get(gateway, f"/{listed['review_id']}").json()
    assert (whole["reason"], whole["number"]) == ("undecodable", MASKED)
    assert "event_id" not in whole
