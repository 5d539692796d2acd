"""The requests shown in docs/http.md are requests that the services take."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

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
    frozenset({"events:write", "grants:write", "holds:release", "role:compliance"}),
)


@pytest.mark.parametrize("body", [body for kind, body in EXAMPLES if kind == "event"])
def test_events(body: Any) -> None:
    check_rules(EventIn.model_validate(body), EVERYTHING)


@pytest.mark.parametrize("body", [body for kind, body in EXAMPLES if kind == "question"])
def test_questions(body: Any) -> None:
    DecisionRequest.model_validate(body)


def test_there_are_examples_of_both_kinds() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"event", "question"}
    assert {body["action"] for kind, body in EXAMPLES if kind == "event"} == {
        "refused",
        "granted",
        "held",
        "hold_released",
    }


def test_every_reason_is_explained() -> None:
    for code in ReasonCode:
        assert f"`{code.value}`" in TEXT
