"""An import through the gateway: it only tightens, and nothing is lost or doubled."""

from __future__ import annotations

import csv
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consentlog.domain.facts import key_of
from consentlog.domain.vocabulary import Action, Basis, HoldKind, Method
from consentlog.errors import FatalError, InvalidEvent, TransientError
from consentlog.wire.reviews import ReviewReason
from producers.imports.memory import list_memory, memory_file
from producers.imports.sending import HttpGateway
from tests.support.gateway import Gateway, memory_gateway
from tests.support.imports import ABOUT, faults_of, send_list


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path / "gateway") as found:
        yield found


class Door:
    """The gateway as an import of customer service sees it."""

    # The gateway in process is for one thread, also where an import that failed still sends.
    _one = threading.Lock()

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.batches = 0

    def send(self, body: bytes, rows: int) -> dict[int, dict[str, Any]]:
        with self._one:
            self.batches += 1
            headers = {"x-api-key": self.gateway.keys["care"]}
            client = self.gateway.client
            client.headers.update(headers)
            return HttpGateway(client).send(body, rows)


def _write(file: Path, *rows: str, header: str = "phone,date,action") -> Path:
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def test_rows_are_refusals_of_the_list(gateway: Gateway, tmp_path: Path) -> None:
    file = _write(tmp_path / "dnc.csv", "13800138000,2025-11-20,", "13900139000,,拒绝")
    assert send_list(file, Door(gateway)) == {"recorded": 2}
    facts = {event.subject: event.fact for event in gateway.events}
    assert set(facts) == {"+8613800138000", "+8613900139000"}
    for fact in facts.values():
        assert (fact.action, fact.method, fact.basis) == (
            Action.REFUSED,
            Method.IMPORT,
            Basis.DO_NOT_CALL_LIST,
        )
    assert facts["+8613900139000"].occurred_at_ms is None
    assert faults_of(file).read_text("utf-8-sig").splitlines() == [
        "row,reason,detail,review_id,event_id,phone,date,action"
    ]


def test_what_would_loosen_changes_nothing_and_goes_to_review(
    gateway: Gateway, tmp_path: Path
) -> None:
    file = _write(tmp_path / "dnc.csv", "13800138000,2025-11-20,同意", "13900139000,,START")
    assert send_list(file, Door(gateway)) == {"review": 2}
    assert gateway.events == []
    assert len(gateway.reviews) == 2
    with faults_of(file).open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["reason"] for row in rows] == ["would_loosen"] * 2
    assert {row["review_id"] for row in rows} == {one.review_id.hex() for one in gateway.reviews}


def test_what_is_not_understood_is_held_or_reviewed_and_never_dropped(
    gateway: Gateway, tmp_path: Path
) -> None:
    file = _write(tmp_path / "dnc.csv", "138****8000,,", "13900139000,,maybe", ",2025-11-20,")
    assert send_list(file, Door(gateway)) == {"review": 2, "held": 1}
    assert (gateway.event.fact.action, gateway.event.fact.hold_kind) == (
        Action.HELD,
        HoldKind.UNCLEAR,
    )
    assert sorted(one.reason for one in gateway.reviews) == [
        ReviewReason.NUMBER_NOT_VALID,
        ReviewReason.NUMBER_NOT_VALID,
        ReviewReason.UNCLEAR_WORDS,
    ]
    with faults_of(file).open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["row"], row["phone"]) for row in rows] == [
        ("2", "138****8000"),
        ("3", "13900139000"),
        ("4", ""),
    ]
    assert all(row["review_id"] for row in rows)


def test_the_file_of_odd_rows_and_the_memory_are_the_users_alone(
    gateway: Gateway, tmp_path: Path
) -> None:
    file = _write(tmp_path / "dnc.csv", "13800138000,,")
    faults_of(file).touch(0o644)
    send_list(file, Door(gateway))
    for path in (faults_of(file), memory_file(tmp_path, ABOUT.name)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_list_again_is_the_same_acts(gateway: Gateway, tmp_path: Path) -> None:
    door = Door(gateway)
    send_list(_write(tmp_path / "monday.csv", "13800138000,,", "13900139000,,"), door)
    gateway.clock.at_ms += 7 * 86_400_000
    send_list(_write(tmp_path / "next.csv", "13900139000,,", "138 0013 8000,,"), door)
    assert len({key_of(event.fact) for event in gateway.events}) == 2


def test_a_row_that_was_gone_and_returns_is_a_new_act(gateway: Gateway, tmp_path: Path) -> None:
    door = Door(gateway)
    both, one = ("13800138000,,", "13900139000,,"), ("13900139000,,",)
    acts = []
    for week, rows in enumerate([both, one, both, both]):
        send_list(_write(tmp_path / f"{week}.csv", *rows), door)
        acts.append(
            {event.fact.event_id for event in gateway.events if event.subject == "+8613800138000"}
        )
    assert [len(found) for found in acts] == [1, 1, 2, 2]
    stayed = {e.fact.event_id for e in gateway.events if e.subject == "+8613900139000"}
    assert len(stayed) == 1


def test_another_list_is_another_act(gateway: Gateway, tmp_path: Path) -> None:
    file = _write(tmp_path / "dnc.csv", "13800138000,,")
    for name in ("weekly", "regulator"):
        send_list(file, Door(gateway), ABOUT.__class__(name, "acme", "Asia/Shanghai", "CN"))
    assert len({event.fact.event_id for event in gateway.events}) == 2


class Broken(Door):
    """Answers some batches and then fails, perhaps after the gateway took the batch."""

    def __init__(self, gateway: Gateway, good: int) -> None:
        super().__init__(gateway)
        self._good = good

    def send(self, body: bytes, rows: int) -> dict[int, dict[str, Any]]:
        found = super().send(body, rows)
        if self.batches > self._good:
            raise TransientError("CL-1506", seconds=1, reason="gone")
        return found


def test_an_interrupted_run_goes_on_and_nothing_is_lost_or_doubled(
    gateway: Gateway, tmp_path: Path
) -> None:
    rows = [f"138{n:08d},{'odd' if n % 100 == 0 else ''}," for n in range(3500)]
    file = _write(tmp_path / "dnc.csv", *rows)
    for good in (0, 1, 1):
        with pytest.raises(TransientError):
            send_list(file, Broken(gateway, good))
    door = Door(gateway)
    counts = send_list(file, door)
    assert 0 < door.batches < 4
    assert counts == {"recorded": 3500}
    assert {event.subject for event in gateway.events} == {f"+86138{n:08d}" for n in range(3500)}
    assert len({key_of(event.fact) for event in gateway.events}) == 3500
    with faults_of(file).open(encoding="utf-8-sig", newline="") as opened:
        odd = [int(row["row"]) for row in csv.DictReader(opened)]
    assert odd == [2 + n for n in range(0, 3500, 100)]


def test_two_imports_of_one_list_do_not_run_at_once(tmp_path: Path) -> None:
    file = memory_file(tmp_path, "weekly")
    with (
        list_memory(file, "weekly"),
        pytest.raises(FatalError, match="CL-1504"),
        list_memory(file, "weekly"),
    ):
        pass


def _client(*answers: httpx2.Response | Exception) -> httpx2.Client:
    left = list(answers)

    def answer(_: httpx2.Request) -> httpx2.Response:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return httpx2.Client(transport=httpx2.MockTransport(answer), base_url="http://gateway")


def test_a_503_is_waited_out_as_long_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [{"index": 0, "status": "accepted"}]
    answer = {"accepted": 1, "rejected": 0, "spooled": 0, "results": told}
    good = httpx2.Response(202, json=answer)
    busy = httpx2.Response(503, headers={"retry-after": "3"}, json={"code": "CL-1401"})
    waits: list[str] = []
    gateway = HttpGateway(_client(busy, httpx2.ConnectError("gone"), good), on_wait=waits.append)
    pauses: list[float] = []

    def wait(pause_s: float | None = None) -> bool:
        pauses.append(pause_s or 0)
        return False

    monkeypatch.setattr(gateway._stopped, "wait", wait)
    assert gateway.send(b"{}", 1) == {0: told[0]}
    assert pauses == [3.0, 1.0]
    assert waits == ["CL-1401 ", "ConnectError"]


def test_an_answer_that_leaves_a_row_out_is_no_answer() -> None:
    short = {"accepted": 1, "rejected": 0, "spooled": 0, "results": []}
    with pytest.raises(InvalidEvent, match=r"CL-1505: .* 1 answered of 2 rows"):
        HttpGateway(_client(httpx2.Response(202, json=short))).send(b"{}", 2)


def test_a_gateway_that_takes_nothing_is_given_up_and_one_that_refuses_is_told() -> None:
    busy = httpx2.Response(503, headers={"retry-after": "30"}, json={})
    with pytest.raises(TransientError, match="CL-1506"):
        HttpGateway(_client(busy), patience_s=1).send(b"{}", 1)
    no = httpx2.Response(403, json={"code": "CL-1103", "detail": "no scope 13800138000"})
    with pytest.raises(InvalidEvent, match=r"CL-1505: .* 403 CL-1103 no scope \S*\*") as caught:
        HttpGateway(_client(no)).send(b"{}", 1)
    assert "13800138000" not in str(caught.value)
