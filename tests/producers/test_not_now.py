"""Later, please: at most 30 days, or what a policy row says (rules 2 and 9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from consentlog.domain.derive import derive
from consentlog.domain.policy import Policy, PolicyRow, What
from consentlog.domain.state import fold
from tests.support.gateway import Gateway, memory_gateway, refusal
from tests.support.histories import DAY_MS, NOON_MS


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path, policy=Policy()) as found:
        yield found


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Gateway]:
    row = PolicyRow("own-14", "CN", What.NOT_NOW_MAX, 14, 0, None, "", "primary", "acme")
    with memory_gateway(tmp_path, policy=Policy((row,))) as found:
        yield found


def later(days: float | None, **fields: Any) -> dict[str, Any]:
    """A person asked to be called later, just now."""
    until = None if days is None else text(NOON_MS + round(days * DAY_MS))
    return refusal(
        **{
            "action": "held",
            "hold_kind": "not_now",
            "until": until,
            "occurred_at": text(NOON_MS),
            **fields,
        }
    )


def text(at_ms: int) -> str:
    """An instant as sources state it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def end_of(gateway: Gateway) -> int | None:
    """When the recorded hold ends."""
    (hold,) = derive(fold([gateway.event.fact]).facts).holds
    return hold.until_ms


def test_without_a_row_30_days_and_no_more(gateway: Gateway) -> None:
    answer = gateway.post(later(30.01))
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1210")
    assert "30 days" in answer.json()["detail"]
    assert "default" in answer.json()["detail"]
    assert gateway.is_untouched
    assert gateway.post(later(30)).status_code == 202
    assert end_of(gateway) == NOON_MS + 30 * DAY_MS


def test_without_an_end_the_rules_end_it(gateway: Gateway) -> None:
    assert gateway.post(later(None)).status_code == 202
    assert end_of(gateway) == NOON_MS + 30 * DAY_MS


def test_the_days_count_from_the_act(gateway: Gateway) -> None:
    earlier = text(NOON_MS - 5 * DAY_MS)
    assert gateway.post(later(26, occurred_at=earlier)).json()["code"] == "CL-1210"
    assert gateway.post(later(25, occurred_at=earlier)).status_code == 202


def test_a_clock_inside_its_margin_may_ask_for_the_whole_time(gateway: Gateway) -> None:
    ahead = 30 + 300_000 / DAY_MS
    assert gateway.post(later(ahead, occurred_at=None)).status_code == 202
    assert end_of(gateway) == NOON_MS + 30 * DAY_MS


def test_an_end_before_the_act_is_none(gateway: Gateway) -> None:
    answer = gateway.post(later(-1))
    assert answer.json()["errors"] == [
        {"pointer": "/until", "message": "it does not lie after the act"}
    ]


def test_a_row_allows_less_and_is_named(strict: Gateway) -> None:
    answer = strict.post(later(15))
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1210")
    assert "14 days" in answer.json()["detail"]
    assert "own-14" in answer.json()["detail"]
    answer = strict.post(later(None))
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1211")
    assert "own-14" in answer.json()["detail"]
    assert strict.is_untouched
    assert strict.post(later(14)).status_code == 202


@pytest.mark.parametrize("fields", [{"scope": {"entity": "beta"}}, {"number": "+16502530000"}])
def test_a_row_of_another_entity_or_place_says_nothing(
    strict: Gateway, fields: dict[str, Any]
) -> None:
    assert strict.post(later(30, **fields)).status_code == 202


def test_a_number_whose_place_is_not_known_has_every_row(strict: Gateway) -> None:
    assert strict.post(later(15, number="+80012345678")).json()["code"] == "CL-1210"


def test_it_is_counted_by_source(gateway: Gateway) -> None:
    def count() -> float:
        lines = gateway.client.get("/metrics").text.splitlines()
        name = 'consentlog_not_now_total{source="care"} '
        return next((float(line[len(name) :]) for line in lines if line.startswith(name)), 0)

    before = count()
    gateway.post([later(3, source_ref=None), later(4, source_ref=None)], "care")
    gateway.post(refusal(), "care")
    assert count() == before + 2
