"""A decision that does not fit its case, or is not the key's to make, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.decisions import EndedLog, decide, events, held, shown, steps
from tests.support.gateway import NUMBER, Gateway, memory_gateway


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


@pytest.mark.parametrize(
    "lost", ["holds:release", "role:compliance", "events:write", "reviews:decide", "reviews:read"]
)
def test_each_act_needs_what_it_always_needs(gateway: Gateway, log: EndedLog, lost: str) -> None:
    review_id = held(gateway)
    key = gateway.reference.registry.keys["compliance-1"]
    object.__setattr__(key, "scopes", key.scopes - {lost})
    answer = decide(gateway, review_id, "refused")
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1103")
    assert (len(events(log)), len(steps(log))) == (1, 1)


MISFITS: list[tuple[str, dict[str, Any], str, str]] = [
    ("approved", {}, "CL-1804", "refused, no_refusal, dismissed"),
    ("declined", {}, "CL-1804", "refused, no_refusal, dismissed"),
    ("maybe", {}, "CL-1001", "/decision"),
    ("no_refusal", {"reason": "  "}, "CL-1001", "/reason"),
    ("no_refusal", {"reason": ""}, "CL-1001", "/reason"),
    ("no_refusal", {"number": NUMBER}, "CL-1001", "/number"),
    ("dismissed", {"scope": {"entity": "acme"}}, "CL-1001", "/scope"),
    ("dismissed", {"event_id": "ab" * 16}, "CL-1001", "/event_id"),
    ("refused", {"event_id": "ab" * 16}, "CL-1001", "/event_id"),
    ("refused", {"number": "62345678"}, "CL-1001", "/number"),
    ("refused", {"number": "+8613900139999"}, "CL-1001", "/number"),
    ("refused", {"scope": {"entity": "beta"}}, "CL-1001", "/scope/entity"),
    ("refused", {"scope": {"entity": "acme", "campaign": "nope"}}, "CL-1204", "nope"),
    ("refused", {"colour": "red"}, "CL-1001", "/colour"),
]


@pytest.mark.parametrize(
    ("decision", "more", "code", "told"), MISFITS, ids=[f"{m[0]} {m[1]}" for m in MISFITS]
)
def test_what_does_not_fit_changes_nothing(
    gateway: Gateway, log: EndedLog, decision: str, more: dict[str, Any], code: str, told: str
) -> None:
    review_id = held(gateway)
    answer = decide(gateway, review_id, decision, **more)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert told in answer.text
    assert (len(events(log)), len(steps(log))) == (1, 1)
    assert shown(gateway, review_id)["state"] == "open"
