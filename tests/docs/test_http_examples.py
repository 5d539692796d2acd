"""The requests shown in docs/http.md are requests that the services take."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from consentlog.domain.acts import RULES
from consentlog.domain.decision import ReasonCode
from consentlog.domain.registry import Source
from consentlog.http.auth import Principal
from dialers.questions import DecisionRequest
from producers.request import EventIn
from producers.rules import check_rules

TEXT = (Path(__file__).parents[2] / "docs" / "http.md").read_text("utf-8")
_EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```json\n(.*?)```", re.DOTALL)
EXAMPLES: list[tuple[str, Any]] = [
    (kind, json.loads(body)) for kind, body in _EXAMPLE.findall(TEXT)
]
EVERYTHING = Principal(
    "all",
    Source("desk", "phone", frozenset({"acme"}), 0),
    frozenset(
        {
            "events:write",
            "grants:write",
            "consent:end",
            "corrections:write",
            "holds:release",
            "role:compliance",
        }
    ),
)
SECOND = Principal("second", EVERYTHING.source, frozenset({"approvals:write", "role:compliance"}))
ACTS = [(body, EVERYTHING) for kind, body in EXAMPLES if kind == "event"] + [
    (body, SECOND) for kind, body in EXAMPLES if kind == "approval"
]


@pytest.mark.parametrize(("body", "principal"), ACTS, ids=[body["action"] for body, _ in ACTS])
def test_events(body: Any, principal: Principal) -> None:
    check_rules(EventIn.model_validate(body), principal)


@pytest.mark.parametrize("body", [body for kind, body in EXAMPLES if kind == "question"])
def test_questions(body: Any) -> None:
    DecisionRequest.model_validate(body)


def test_there_are_examples_of_every_action() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"event", "approval", "question"}
    assert {body["action"] for body, _ in ACTS} == set(RULES)


def test_the_table_says_what_every_action_needs() -> None:
    for action, rule in RULES.items():
        (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{action}` | `")]
        needed = (*rule.permissions, *rule.without, *rule.actors, *rule.needs)
        assert all(f"`{word}`" in row for word in needed), action
        assert ("reason" in row) == rule.reason, action


def test_every_reason_is_explained() -> None:
    for code in ReasonCode:
        assert f"`{code.value}`" in TEXT
