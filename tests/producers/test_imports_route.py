"""`POST /v1/imports` records what `/v1/consent-events` would, byte for byte."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentlog.kafka.topics import EVENTS, REVIEWS
from consentlog.ports import Record
from tests.support.gateway import Gateway, memory_gateway

MEMBERS = ("number", "occurred_at", "verbatim", "source_ref")


class World:
    """A gateway without its long text form, which hypothesis would print with each example."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with memory_gateway(tmp_path_factory.mktemp("gateway")) as found:
        yield World(found)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


def act(**fields: Any) -> dict[str, Any]:
    """What rows have in common, as `consentlog import` states it."""
    return {
        "region": "CN",
        "precision": "day",
        "zone": "Asia/Shanghai",
        "action": "refused",
        "basis": "do_not_call_list",
        "method": "import",
        "scope": {"channel": "all", "entity": "acme"},
        "actor": {"id": "import", "type": "system"},
        "evidence": {"data_source": "weekly"},
        "nonce": "weekly",
        **fields,
    }


def post(gateway: Gateway, body: object, source: str = "care") -> httpx2.Response:
    return _sent(gateway, "/v1/imports", body, source)


def _sent(gateway: Gateway, path: str, body: object, source: str) -> httpx2.Response:
    headers = {"x-api-key": gateway.keys[source], "content-type": "application/json"}
    # As ASCII, for half a character has no other form.
    return gateway.client.post(path, content=json.dumps(body), headers=headers)


def one_by_one(acts: Sequence[dict[str, Any]], rows: Sequence[list[Any]]) -> list[dict[str, Any]]:
    """The same rows as acts of `/v1/consent-events`."""
    items = []
    for row in rows:
        said = dict(zip(MEMBERS, row[1:], strict=False))
        item = {"number": said["number"], **acts[row[0]]}
        item |= {
            name: said[name] for name in ("occurred_at", "source_ref") if said.get(name) is not None
        }
        if said.get("verbatim") is not None:
            item["evidence"] = {**(item["evidence"] or {}), "verbatim": said["verbatim"]}
        items.append(item)
    return items


def _recorded(gateway: Gateway) -> Counter[Record]:
    found = [*gateway.log.records(EVENTS.name), *gateway.log.records(REVIEWS.name)]
    return Counter(record._replace(offset=0) for record in found)


PLAIN_ROWS = st.tuples(
    st.integers(0, 10**8 - 1).map(lambda n: f"138{n:08d}"),
    st.sampled_from([None, "2025-03-20", "2025-03-21", "2025-03-20T10:00:07+08:00"]),
    st.sampled_from([None, None, "", "不要再打"]),
    st.sampled_from([None, None, "ticket-1", "单-2"]),
)
LONG = st.sampled_from([65, 129]).map(lambda length: "x" * length)
ODD = (
    st.sampled_from(
        ["+8613800138000", "138 0013 8000", "１３８００１３８０００", "", "138****8000"]
    )
    | st.sampled_from(["95588", "+16502530000", "13800138000转8", "13800138000\ud800", None, 138])
    | LONG,
    st.sampled_from(["2025-03-20T10:00", "2031-01-01", "soon", "", "1999-12-31", "2025-02-30"])
    | st.sampled_from([" 2025-03-20 ", 20250320])
    | LONG,
    st.sampled_from(["\udc00", 5]) | st.text(max_size=20) | LONG,
    st.sampled_from(["", "\udc00", 7]) | LONG,
)
ROWS = st.one_of(
    PLAIN_ROWS,
    st.integers(0, 3).flatmap(
        lambda at: st.tuples(PLAIN_ROWS, ODD[at]).map(
            lambda found: (*found[0][:at], found[1], *found[0][at + 1 :])
        )
    ),
)
HELD = {"action": "held", "basis": None}
VARIANTS: list[dict[str, Any]] = [
    {},
    {"precision": "instant"},
    {"precision": "minute", "zone": "America/Sao_Paulo"},
    {"region": "US"},
    {"region": None, "zone": None},
    {"zone": "Mars"},
    {"recorded_at": "2025-11-20T10:00:00+08:00"},
    {"recorded_at": "2031-01-01T00:00:00Z"},
    {"recorded_at": "?"},
    {"scope": {"entity": "acme", "channel": "sms", "purpose": "service"}},
    {"scope": {"entity": "acme", "channel": "voice", "brand": "acme-life"}},
    {"scope": {"entity": "acme", "campaign": "renewal"}},
    {"scope": {"entity": "acme", "campaign": "none-such"}},
    {"scope": {"entity": "nobody"}},
    {"evidence": None},
    {"evidence": {}},
    {"evidence": {"verbatim": "每一行", "recording_sha256": "ab" * 32}},
    {"nonce": "weekly#1"},
    {"basis": "objection", "actor": {"id": "care-3", "type": "staff", "org": "外包"}},
    {"actor": {"id": "import", "type": "staff", "role": "compliance"}},
    {"until": "2027-01-01"},
    {**HELD, "hold_kind": "dispute"},
    {**HELD, "hold_kind": "unclear"},
    {**HELD, "hold_kind": "not_now", "until": "2025-12-01"},
    {**HELD},
    {"action": "granted", "basis": None},
    {"action": "consent_ended", "basis": None},
]
ACTS = st.sampled_from(VARIANTS).map(lambda fields: act(**fields))


@settings(max_examples=250, deadline=None)
@given(acts=st.lists(ACTS, min_size=1, max_size=3), rows=st.lists(ROWS, min_size=1, max_size=12))
def test_rows_are_recorded_as_acts_are_byte_for_byte(
    world: World, acts: list[dict[str, Any]], rows: list[tuple[Any, ...]]
) -> None:
    gateway = world.gateway
    body = [[at % len(acts), *row] for at, row in enumerate(rows)]
    gateway.log.clear()
    answer = post(gateway, {"acts": acts, "rows": body, "tell": [*range(len(rows))]})
    assert answer.status_code in (202, 207), answer.text
    by_rows = _recorded(gateway)
    gateway.log.clear()
    told = _sent(gateway, "/v1/consent-events", one_by_one(acts, body), "care")
    assert told.status_code == answer.status_code
    assert _recorded(gateway) == by_rows
    assert _without_token(answer) == _without_token(told)


def _without_token(answer: httpx2.Response) -> list[dict[str, Any]]:
    results = answer.json()["results"]
    for one in results:
        one.pop("token", None)
    return list(results)


def test_what_is_plain_is_counted_and_what_is_not_is_told(fresh: Gateway) -> None:
    acts = [act(), act(action="granted", basis=None), act(scope={"entity": "nobody"})]
    rows = [[0, "13800138000", "2025-03-20"], [0, "95588"], [1, "13900139000"], [2, "13700137000"]]
    rows += [[0, "13600136000", "2031-01-01"], [0, "13500135000", None, "不要再打"]]
    answer = post(fresh, {"acts": acts, "rows": rows, "tell": [5]})
    assert answer.status_code == 207
    told = answer.json()
    assert (told["accepted"], told["rejected"], told["spooled"]) == (4, 2, 0)
    assert [one["index"] for one in told["results"]] == [1, 2, 3, 4, 5]
    assert [one["status"] for one in told["results"]] == ["rejected"] * 2 + ["accepted"] * 3
    assert [one.get("problem", {}).get("code") for one in told["results"][:2]] == [
        "CL-1203",
        "CL-1209",
    ]
    assert all(one["review_id"] for one in told["results"][:3])
    assert told["results"][2]["held"] is True
    assert told["results"][3]["clock_wrong"] is True
    assert len(fresh.events) == 4
    assert told["results"][4]["event_id"] in {one.fact.event_id.hex() for one in fresh.events}


def test_while_the_broker_is_away_rows_are_counted_as_spooled(fresh: Gateway) -> None:
    fresh.log.is_down = True
    told = post(fresh, {"acts": [act()], "rows": [[0, "13800138000"], [0, "95588"]]}).json()
    assert (told["accepted"], told["rejected"], told["spooled"]) == (1, 1, 1)


def test_what_is_not_durable_is_no_answer_for_any_row(fresh: Gateway) -> None:
    fresh.log.is_full = True
    answer = post(fresh, {"acts": [act()], "rows": [[0, "13800138000"]]})
    assert (answer.status_code, answer.json()["code"]) == (503, "CL-1401")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ([], [""]),
        ({"acts": [], "rows": [[0, "1"]]}, ["/acts"]),
        ({"acts": [act(nonce=None)], "rows": [[0, "1"]]}, ["/acts/0/nonce"]),
        ({"acts": [act(method="app")], "rows": [[0, "1"]]}, ["/acts/0/method"]),
        ({"acts": [act(number="1")], "rows": [[0, "1"]]}, ["/acts/0/number"]),
        ({"acts": [act()], "rows": [[0, "1"], [1, "1"], [True, "1"], [0]]}, ["/rows/1", "/rows/2"]),
        ({"acts": [act()], "rows": [[0, "1", None, None, None, None], "x"]}, ["/rows/1"]),
    ],
)
def test_a_request_of_another_form_records_nothing(
    fresh: Gateway, body: object, pointers: list[str]
) -> None:
    answer = post(fresh, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1001")
    assert [one["pointer"] for one in answer.json()["errors"]][: len(pointers)] == pointers
    assert fresh.is_untouched


@pytest.mark.parametrize("rows", [[], [[0, "13800138000"]] * 1001])
def test_no_rows_or_too_many_are_not_taken(fresh: Gateway, rows: list[list[Any]]) -> None:
    answer = post(fresh, {"acts": [act()], "rows": rows})
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1105")


def test_a_key_needs_the_right_to_write_and_a_source_its_entities(fresh: Gateway) -> None:
    body = {"acts": [act()], "rows": [[0, "13800138000"]]}
    assert fresh.client.post("/v1/imports", json=body).status_code == 401
    answer = post(fresh, body, source="dialer")
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1103")
    assert fresh.is_untouched
