"""Which acts are the same act (rules of refusal 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentlog.domain.facts import key_of
from tests.support.gateway import Gateway, approved, corrected, grant, memory_gateway, refusal


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with memory_gateway(tmp_path_factory.mktemp("gateway")) as found:
        yield found


def _twice(gateway: Gateway, body: dict[str, Any], **headers: str) -> tuple[str, str]:
    first, second = (gateway.post(body, **headers).json()["event_id"] for _ in range(2))
    return first, second


acts = st.fixed_dictionaries(
    {
        "source_ref": st.none() | st.just("call-1"),
        "nonce": st.none() | st.just("press-1"),
        "occurred_at": st.sampled_from(["2025-11-22T11:00:00+08:00", "2025-11-22T11:00:00"]),
        "scope": st.sampled_from([{"entity": "acme"}, {"entity": "beta", "channel": "sms"}]),
    }
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts)
def test_the_same_grant_twice_is_one_act(gateway: Gateway, fields: dict[str, Any]) -> None:
    first, second = _twice(gateway, grant(**fields))
    assert first == second


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts)
def test_a_refusal_that_is_named_is_one_act_else_two(
    gateway: Gateway, fields: dict[str, Any]
) -> None:
    first, second = _twice(gateway, refusal(**fields))
    assert (first == second) == bool(fields["source_ref"] or fields["nonce"])


def test_a_retry_is_one_fact_even_a_second_later(gateway: Gateway) -> None:
    gateway.post(refusal(source_ref="call-retry"))
    gateway.clock.at_ms += 1000
    gateway.post(refusal(source_ref="call-retry"))
    keys = {
        key_of(event.fact) for event in gateway.events if event.evidence.find(b"call-retry") >= 0
    }
    assert len(keys) == 1


def test_an_idempotency_key_names_the_items_of_a_batch(gateway: Gateway) -> None:
    items = [refusal(source_ref=None), refusal(source_ref=None)]

    def ids() -> list[str]:
        results = gateway.post(items, **{"idempotency-key": "batch-1"}).json()["results"]
        return [result["event_id"] for result in results]

    first = ids()
    assert first == ids()
    assert len(set(first)) == 2


def test_another_subject_action_or_scope_is_another_act(gateway: Gateway) -> None:
    bodies = [
        refusal(),
        grant(),
        refusal(number="13800138001"),
        refusal(scope={"entity": "acme", "channel": "sms"}),
        refusal(source_ref="call-2"),
    ]
    assert len({gateway.post(body).json()["event_id"] for body in bodies}) == len(bodies)


def test_another_source_is_another_act(gateway: Gateway) -> None:
    ids = {gateway.post(refusal(), source).json()["event_id"] for source in ("desk", "care")}
    assert len(ids) == 2


def test_one_hold_released_twice_is_one_act(gateway: Gateway) -> None:
    release = refusal(action="hold_released", target="ab" * 16, source_ref=None)
    release |= {"actor": {"id": "c-1", "type": "staff"}, "evidence": {"verbatim": "no refusal"}}
    ids = {gateway.post(release, "compliance").json()["event_id"] for _ in range(2)}
    assert len(ids) == 1


def test_a_correction_or_approval_sent_again_is_one_act_and_another_target_another(
    gateway: Gateway,
) -> None:
    for source, act in (("care", corrected), ("compliance", approved)):
        one, again = (gateway.post(act("ab" * 16), source).json()["event_id"] for _ in range(2))
        other = gateway.post(act("cd" * 16), source).json()["event_id"]
        assert one == again != other


def test_one_grant_in_two_batches_is_one_act(gateway: Gateway) -> None:
    item = grant(source_ref=None)
    ids = {
        gateway.post([item], **{"idempotency-key": key}).json()["results"][0]["event_id"]
        for key in ("grants-1", "grants-2")
    }
    assert len(ids) == 1
