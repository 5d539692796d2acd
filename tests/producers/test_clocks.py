"""A source's clock that is off: refusals count as undated, grants go to review (rules 2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentlog.domain.clocks import barrier_of
from consentlog.domain.vocabulary import SetBy
from consentlog.kafka.topics import EVENTS
from consentlog.wire.events import decode_event
from tests.support.gateway import Gateway, corrected, ended, grant, memory_gateway, refusal
from tests.support.histories import NOON_MS

MARGIN_MS = {"desk": 300_000, "care": 5_000}
"""The registry's margins of the demo: another's system, and an own one."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with memory_gateway(tmp_path_factory.mktemp("gateway")) as found:
        yield found


def date(offset_ms: int) -> dict[str, str]:
    """The `Date` of a request by a clock that is off, whole seconds as HTTP has it."""
    at = datetime.fromtimestamp((NOON_MS + offset_ms) // 1000, UTC)
    return {"date": format_datetime(at, usegmt=True)}


def text(at_ms: int) -> str:
    """An instant as sources state it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def newest(gateway: Gateway, answer: Any) -> Any:
    """The fact that an answer is about."""
    partition, offset = map(int, answer.json()["token"].split(":"))
    records = gateway.log.records(EVENTS.name)
    (found,) = [one for one in records if (one.partition, one.offset) == (partition, offset)]
    return decode_event(found.value).fact


sources = st.sampled_from(sorted(MARGIN_MS))
seconds = st.integers(-900, 900) | st.integers(-8, 8)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(sources, seconds)
def test_a_date_off_by_more_than_the_margin_leaves_a_refusal_undated(
    gateway: Gateway, source: str, off_s: int
) -> None:
    stated_ms = NOON_MS - 3_600_000
    act = refusal(source_ref=None, occurred_at=text(stated_ms))
    answer = gateway.post(act, source, **date(off_s * 1000))
    fact, margin_ms = newest(gateway, answer), MARGIN_MS[source]
    # Behind: the date may have been written at the end of its second.
    is_off = off_s * 1000 > margin_ms or off_s * 1000 + 999 < -margin_ms
    assert fact.clock_wrong == is_off == answer.json().get("clock_wrong", False)
    assert (fact.occurred_at_ms, fact.occurred_at_set_by) == (stated_ms, SetBy.SOURCE)
    assert (fact.accepted_at_ms, fact.margin_ms) == (NOON_MS, margin_ms)
    assert barrier_of(fact) == (NOON_MS if is_off else stated_ms) + margin_ms


@many
@given(sources, st.integers(-400_000, 400_000), st.sampled_from(["occurred_at", "recorded_at"]))
def test_a_stated_time_ahead_by_more_than_the_margin_does_the_same(
    gateway: Gateway, source: str, ahead_ms: int, field: str
) -> None:
    act = refusal(source_ref=None, occurred_at=None) | {field: text(NOON_MS + ahead_ms)}
    fact = newest(gateway, gateway.post(act, source))
    assert fact.clock_wrong == (ahead_ms > MARGIN_MS[source])
    if field == "occurred_at":
        assert fact.occurred_at_ms == NOON_MS + ahead_ms


@many
@given(sources, seconds)
def test_the_grants_of_a_wrong_clock_go_to_review(
    gateway: Gateway, source: str, off_s: int
) -> None:
    before = len(gateway.events)
    answer = gateway.post(grant(source_ref=f"form{off_s}"), source, **date(off_s * 1000))
    margin_ms = MARGIN_MS[source]
    if off_s * 1000 > margin_ms or off_s * 1000 + 999 < -margin_ms:
        assert (answer.status_code, answer.json()["code"]) == (422, "CL-1207")
        assert answer.json()["review_id"] in {one.review_id.hex() for one in gateway.reviews}
        assert len(gateway.events) == before
    else:
        assert answer.status_code == 202


def test_whatever_else_a_wrong_clock_says_is_recorded_and_flagged(gateway: Gateway) -> None:
    held = refusal(action="held", hold_kind="dispute", method=None, source_ref=None)
    for act in (held, corrected(), ended()):
        answer = gateway.post(act, "care", **date(3_600_000))
        assert newest(gateway, answer).clock_wrong


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "Mon, 01 Jan 99999 00:00:00 GMT",
        "1 Jan 2020 00:00:00 -99999999999999",
        "1 Jan 2020 00:00:00 +9999",
    ],
)
def test_a_date_that_is_none_measures_nothing(gateway: Gateway, value: str) -> None:
    answer = gateway.post(refusal(source_ref=None), date=value)
    assert answer.status_code == 202
    assert not newest(gateway, answer).clock_wrong


@pytest.mark.parametrize("form", ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"])
def test_the_old_forms_of_a_date_are_read_too(gateway: Gateway, form: str) -> None:
    for off_ms in (0, 3_600_000):
        at = datetime.fromtimestamp((NOON_MS + off_ms) // 1000, UTC)
        answer = gateway.post(refusal(source_ref=None), date=at.strftime(form))
        assert newest(gateway, answer).clock_wrong == bool(off_ms)


def test_one_date_speaks_for_a_whole_list(gateway: Gateway) -> None:
    items = [refusal(source_ref=None), grant()]
    results = gateway.post(items, **date(-3_600_000)).json()["results"]
    assert results[0]["clock_wrong"] is True
    assert results[1]["problem"]["code"] == "CL-1207"
