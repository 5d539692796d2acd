"""A case is decided once, however often, by how many, and whatever ends in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from consentlog.domain.facts import Fact
from consentlog.domain.state import EMPTY, evolve
from consentlog.domain.vocabulary import Action
from consentlog.http.auth import Principal
from consentlog.kafka.topics import EVENTS, REVIEWS
from producers.accept import Acceptor
from producers.intake import Intake
from producers.reviews.decide import Reviews
from producers.reviews.shapes import DecisionIn
from tests.support.decisions import LATER_MS, WHY, EndedLog, decide, events, held, shown, steps
from tests.support.gateway import Gateway, memory_gateway, refusal


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture
def log() -> EndedLog:
    return EndedLog()


@pytest.fixture
def gateway(world: Path, log: EndedLog) -> Iterator[Gateway]:
    with memory_gateway(world, log, book=log.book) as found:
        yield found


@pytest.mark.parametrize("decision", ["refused", "no_refusal"])
@pytest.mark.parametrize("killed_at", [EVENTS.name, REVIEWS.name])
def test_killed_in_between_the_case_is_open_and_the_same_decision_is_the_same_acts(
    gateway: Gateway, log: EndedLog, killed_at: str, decision: str
) -> None:
    review_id = held(gateway)
    log.killed_at = killed_at
    assert decide(gateway, review_id, decision).status_code == 503
    assert shown(gateway, review_id)["state"] == "open"
    before = [event.fact.event_id for event in events(log)]
    log.killed_at = None
    gateway.clock.at_ms += LATER_MS
    assert decide(gateway, review_id, decision).status_code == 202
    after = [event.fact.event_id for event in events(log)]
    acts = 2 if decision == "refused" else 1
    assert len(set(after)) == 1 + acts
    assert after[: len(before)] == before
    states = [fold([event.fact for event in events(log)][:n]) for n in (1 + acts, len(after))]
    assert states[0] == states[1]


def fold(facts: Sequence[Fact]) -> object:
    state = EMPTY
    for fact in facts:
        state = evolve(state, fact)
    return state


def test_the_refusal_is_durable_before_the_hold_ends(gateway: Gateway, log: EndedLog) -> None:
    """Between the two the number is blocked twice, and never not at all."""
    review_id = held(gateway)
    decide(gateway, review_id, "refused")
    assert [event.fact.action for event in events(log)] == [
        Action.HELD,
        Action.REFUSED,
        Action.HOLD_RELEASED,
    ]


def test_decided_once_is_decided(gateway: Gateway, log: EndedLog) -> None:
    review_id = held(gateway)
    decide(gateway, review_id, "no_refusal")
    count = (len(events(log)), len(steps(log)))
    for again in ("no_refusal", "refused", "approved"):
        answer = decide(gateway, review_id, again)
        assert (answer.status_code, answer.json()["code"]) == (409, "CL-1803")
        assert answer.json()["decision"] == "no_refusal"
        assert answer.json()["decided_by"] == "compliance-1"
        assert answer.json()["decided_at"] == "2025-11-22T04:00:00.000Z"
        assert "retry-after" not in answer.headers
    owner = gateway.client.post(
        f"/v1/reviews/{review_id}/owner",
        json={"owner": "legal-1"},
        headers={"x-api-key": gateway.keys["compliance"]},
    )
    assert owner.status_code == 409
    assert (len(events(log)), len(steps(log))) == count


def test_decided_while_kafka_is_away_it_is_decided_too(gateway: Gateway, log: EndedLog) -> None:
    review_id = held(gateway)
    log.is_down = True
    answer = decide(gateway, review_id, "no_refusal").json()
    assert answer["events"][0]["durability"] == "spooled"
    assert decide(gateway, review_id, "refused").status_code == 409
    assert shown(gateway, review_id)["state"] == "decided"
    headers = {"x-api-key": gateway.keys["compliance"]}
    assert gateway.client.get("/v1/reviews", headers=headers).json() == {"reviews": []}


def test_the_answer_waits_until_the_decision_can_be_read(
    gateway: Gateway, log: EndedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[tuple[int, float]] = []

    async def applied(offset: int, within_s: float) -> bool:
        waited.append((offset, within_s))
        log.follow()
        return True

    review_id = held(gateway)
    log.follows = False
    monkeypatch.setattr(log.book, "applied", applied)
    decide(gateway, review_id, "no_refusal")
    assert waited == [(1, 2.0)]
    assert shown(gateway, review_id)["state"] == "decided"


def test_a_follower_that_is_behind_does_not_let_it_be_decided_twice(
    gateway: Gateway, log: EndedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_offset: int, _within_s: float) -> bool:
        return False

    review_id = held(gateway)
    log.follows = False
    monkeypatch.setattr(log.book, "applied", never)
    assert decide(gateway, review_id, "no_refusal").status_code == 202
    assert decide(gateway, review_id, "refused").status_code == 409
    log.follow()
    assert decide(gateway, review_id, "refused").json()["decision"] == "no_refusal"


def test_another_act_of_a_ticket_is_a_hold_of_its_own(gateway: Gateway, log: EndedLog) -> None:
    """The release of the first must not silently end the second."""
    first = held(gateway, source_ref="T-100")
    assert decide(gateway, first, "no_refusal").status_code == 202
    typo = {"entity": "acme", "campaign": "another-name"}
    again = gateway.post(refusal(source_ref="T-100", scope=typo)).json()
    assert again["review_id"] != first
    assert shown(gateway, again["review_id"])["state"] == "open"
    same = gateway.post(refusal(source_ref="T-100", scope=typo)).json()
    assert same["review_id"] == again["review_id"]
    ids = [event.fact.event_id for event in events(log) if event.fact.action is Action.HELD]
    assert len(ids) == 3
    assert len(set(ids)) == 2


def test_a_row_that_says_something_else_is_a_hold_of_its_own(gateway: Gateway) -> None:
    def unclear(words: str) -> str:
        item = refusal(
            action="held",
            hold_kind="unclear",
            method="import",
            nonce="weekly",
            evidence={"verbatim": words},
        )
        return str(gateway.post(item).json()["event_id"])

    assert unclear("X") == unclear("X")
    assert unclear("X") != unclear("Y")


def test_two_at_once_are_one_decision(gateway: Gateway, log: EndedLog) -> None:
    """As a page and the HTTP interface would, by the same service."""
    review_id = bytes.fromhex(held(gateway))
    reference = gateway.reference
    acceptor = Acceptor(
        reference.registry, reference.policy, reference.secrets.id_key, gateway.clock
    )
    service = Reviews(reference.registry, log.book, acceptor, Intake(log), log, gateway.clock)
    key = reference.registry.keys["compliance-1"]
    principal = Principal(key.id, reference.registry.sources[key.source], key.scopes)

    async def both() -> list[object]:
        asked = [DecisionIn(decision=name, reason=WHY) for name in ("refused", "no_refusal")]
        calls = (service.decide(principal, review_id, one) for one in asked)
        return [type(one).__name__ for one in await asyncio.gather(*calls, return_exceptions=True)]

    assert asyncio.run(both()) == ["Done", "RequestRefused"]
    assert [event.fact.action for event in events(log)][1:] == [
        Action.REFUSED,
        Action.HOLD_RELEASED,
    ]
