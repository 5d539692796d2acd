"""Room for lists on the desk, and what stands on its disk that is not as it should be."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from consentlog.errors import FatalError, InvalidEvent
from producers.imports.sending import MAX_ROWS
from producers.uploads import arriving, desk_lists
from producers.uploads.desk_lists import KEEP_FREE_BYTES, DeskLists
from producers.uploads.handing import Handing
from producers.uploads.multipart import read_upload_form
from producers.uploads.runs import Standing
from producers.uploads.shelf import Shelf
from producers.uploads.upload import State, Upload
from producers.uploads.wording import wording
from tests.support.asgi import client_of
from tests.support.desk_lists import ListClerk, list_app, until
from tests.support.gateway import FixedClock, Gateway
from tests.support.imports import write_xlsx

WORDS = wording("en")
LIMIT = 200_000
GOOD = b"phone\n13800138000\n"
DATED = b"number,date\n13800138000,2025-11-20\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Gateway, DeskLists]]:
    app, gateway, lists = list_app(tmp_path, max_bytes=LIMIT)
    with client_of(app) as client:
        gateway.client = client
        yield gateway, lists
    lists.stop()


@pytest.fixture
def clerk(world: tuple[Gateway, DeskLists]) -> ListClerk:
    gateway, _ = world
    found = ListClerk(gateway)
    found.sign_in("care")
    return found


class Answering:
    """Answers batches in a gateway's place: the first row is lost; it turns away all but it."""

    def __init__(self, *, takes_all: bool = True) -> None:
        self.takes_all = takes_all
        self.had_first = False

    def send(self, body: bytes, _rows: int) -> dict[int, dict[str, Any]]:
        """Answer one batch."""
        if b"13800000000" in body:
            self.had_first = True
            return {0: {"status": "rejected", "problem": {"code": "CL-1203", "detail": "lost"}}}
        if not self.takes_all:
            raise InvalidEvent("CL-1505", status=403, code="CL-1102", reason="ended")
        return {}

    def stop(self) -> None:
        """Wait for nothing."""


def _handed_in(lists: DeskLists, rows: int) -> Upload:
    """The same list each time, looked over, as another upload."""
    upload_id = lists.shelf.new_id()
    content = "\n".join(f"138{n:08d}" for n in range(rows))
    lists.shelf.list_of(upload_id).write_text(content, "utf-8")
    work = lists.runs.look(
        Upload(
            *(upload_id, "care", "care-1", "x", 1, "0" * 64, 1, "l", "acme", "objection"),
            region="CN",
        )
    )
    assert work.ended.wait(10)
    return work.upload


def _sent(lists: DeskLists, upload: Upload, answering: Answering) -> Upload:
    work = lists.runs.send(upload, cast(Handing, answering))
    assert work.ended.wait(10)
    return work.upload


def test_another_upload_of_a_list_that_stopped_names_its_rows_itself(tmp_path: Path) -> None:
    lists = DeskLists(tmp_path, LIMIT, 7, FixedClock())
    first, second = (_handed_in(lists, 2 * MAX_ROWS) for _ in range(2))
    stopped = _sent(lists, first, Answering(takes_all=False))
    assert stopped.state is State.STOPPED
    assert "13800000000" in lists.shelf.errors_of(first.id).read_text("utf-8")
    done = _sent(lists, second, Answering())
    assert done.state is State.FINISHED
    assert done.sent == {"lost": 1, "recorded": 2 * MAX_ROWS - 1}
    assert "13800000000" in lists.shelf.errors_of(second.id).read_text("utf-8")


def test_the_same_upload_goes_on_where_it_stopped(tmp_path: Path) -> None:
    lists = DeskLists(tmp_path, LIMIT, 7, FixedClock())
    stopped = _sent(lists, _handed_in(lists, 2 * MAX_ROWS), Answering(takes_all=False))
    again = Answering()
    done = _sent(lists, stopped, again)
    assert (done.state, again.had_first) == (State.FINISHED, False)
    assert done.sent == {"lost": 1, "recorded": 2 * MAX_ROWS - 1}
    assert "13800000000" in lists.shelf.errors_of(done.id).read_text("utf-8")


def _change(lists: DeskLists, list_id: str, changes: Mapping[str, Any]) -> Path:
    """Change what stands on disk of a list, as another version or a bad disk would."""
    path = lists.shelf.list_of(list_id).with_name("upload.json")
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")
    return path


@pytest.mark.parametrize("state", ["stopped", "running", "looked"])
def test_a_list_without_counts_is_looked_over_before_anything_is_sent(
    world: tuple[Gateway, DeskLists], clerk: ListClerk, state: str
) -> None:
    gateway, lists = world
    list_id = clerk.list_id(clerk.hand_in(DATED))
    _change(lists, list_id, {"state": state, "counts": {}})
    assert WORDS.html("go_look") in clerk.page(list_id)
    assert clerk.go(list_id).status_code == 303
    page = clerk.until(list_id, WORDS.html("needs_zone", count="1"))
    assert WORDS.html("title_looked") in page
    assert gateway.is_untouched


def test_nothing_is_sent_of_a_list_that_was_not_looked_over(tmp_path: Path) -> None:
    lists = DeskLists(tmp_path, LIMIT, 7, FixedClock())
    upload = Upload(lists.shelf.new_id(), "care", "care-1", "x", 1, "0" * 64, 1, "l", "acme", "")
    lists.shelf.keep(upload)
    with pytest.raises(FatalError, match="CL-1508"):
        lists.runs.send(upload, cast(Handing, Answering()))
    assert lists.runs.find(upload.id) == Standing(upload)


def test_nobody_is_told_that_a_list_is_over_and_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its page would come anew by itself; one that just ended would look interrupted."""
    lists = DeskLists(tmp_path, LIMIT, 7, FixedClock())
    upload = Upload(lists.shelf.new_id(), "care", "care-1", "x", 1, "0" * 64, 1, "l", "acme", "")
    keep = lists.shelf.keep

    def slow(one: Upload) -> None:
        keep(one)
        time.sleep(0.1)

    monkeypatch.setattr(lists.shelf, "keep", slow)
    work = lists.runs.look(upload)  # there is no file: it is unreadable at once
    seen: set[tuple[State, bool]] = set()
    while not work.ended.is_set() or not seen:
        found = lists.runs.find(upload.id)
        assert found is not None
        (listed,) = lists.runs.of_source("care")
        seen |= {(one.upload.state, one.work is None) for one in (found, listed)}
    seen.add((State.UNREADABLE, lists.runs.find(upload.id) == Standing(work.upload)))
    assert seen <= {(State.READING, False), (State.UNREADABLE, True)}


def test_lists_that_still_arrive_count_towards_those_that_wait(
    world: tuple[Gateway, DeskLists], clerk: ListClerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lists = world
    monkeypatch.setattr(arriving, "MOST_UNFINISHED", 1)
    come, go_on = threading.Event(), threading.Event()

    async def slowly(*asked: Any) -> Any:
        come.set()
        await asyncio.to_thread(go_on.wait, 10)
        return await read_upload_form(*asked)

    monkeypatch.setattr(arriving, "read_upload_form", slowly)
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(clerk.hand_in(GOOD).status_code))
    first.start()
    assert come.wait(10)
    second = clerk.hand_in(GOOD)
    go_on.set()
    first.join()
    assert (answers, second.status_code) == ([303], 422)
    assert WORDS.html("too_many_wait", count="1") in second.text
    # The first one is let go of once, not twice: it waits on the shelf now.
    (waiting,) = lists.shelf.of_source("care")
    clerk.post(f"/desk/import/{waiting.id}", act="discard")
    assert clerk.hand_in(GOOD).status_code == 303


def test_a_list_that_was_not_taken_holds_no_place(
    clerk: ListClerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "MOST_UNFINISHED", 1)
    for _ in range(2):
        assert clerk.hand_in(b"").status_code == 422
    assert clerk.hand_in(GOOD).status_code == 303


def test_a_disk_that_is_nearly_full_takes_no_list(
    world: tuple[Gateway, DeskLists], clerk: ListClerk
) -> None:
    _, lists = world
    lists.keep_free_bytes = 1 << 60
    answer = clerk.hand_in(GOOD)
    assert answer.status_code == 503
    assert "CL-1509" in answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert lists.shelf.of_source("care") == []
    lists.keep_free_bytes = 0
    assert clerk.hand_in(GOOD).status_code == 303


def test_the_disk_keeps_its_floor_and_room_for_the_list(tmp_path: Path) -> None:
    assert KEEP_FREE_BYTES == 1 << 30
    free = shutil.disk_usage(tmp_path).free
    lists = DeskLists(tmp_path, free // 2, 7, FixedClock(), keep_free_bytes=free // 4)
    assert lists.has_room()
    lists = DeskLists(tmp_path, free // 2, 7, FixedClock(), keep_free_bytes=free * 3 // 4)
    assert not lists.has_room()


_DAMAGES: list[bytes | dict[str, Any]] = [
    b"",
    b'{"id": "138001380',
    b"\xff\xfe",
    b"[]",
    b"{}",
    {"state": "dreaming"},
    {"finished_ms": "soon"},
    {"uploaded_ms": None},
    {"counts": [1]},
    {"trouble": ["CL-9999", {}]},
    {"id": "0" * 32},
    {"unheard_of": 1},
]


def test_a_number_as_the_name_of_a_sheet_is_masked(clerk: ListClerk, tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    write_xlsx(file, [["phone"], ["13800138000"]], sheet="138 0013 8000")
    page = clerk.page(clerk.list_id(clerk.hand_in(file.read_bytes(), "list.xlsx")))
    assert "XLSX, 138****8000" in page
    assert "0013" not in page


@pytest.mark.parametrize("damage", _DAMAGES)
def test_a_damaged_list_is_shown_as_such_and_stays(
    world: tuple[Gateway, DeskLists],
    clerk: ListClerk,
    damage: bytes | dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    gateway, lists = world
    damaged, sound = (clerk.list_id(clerk.hand_in(GOOD, list=name)) for name in ("bad", "good"))
    if isinstance(damage, dict):
        path = _change(lists, damaged, {"state": "finished"} | damage)
    else:
        path = lists.shelf.list_of(damaged).with_name("upload.json")
        path.write_bytes(damage)
    gateway.clock.at_ms += 1
    lists.sweep()
    answer = clerk.get("/desk/import")
    assert answer.status_code == 200
    assert sound in answer.text
    assert WORDS.html("damaged", id=damaged) in answer.text
    assert f"/desk/import/{damaged}" not in answer.text
    assert clerk.get(f"/desk/import/{damaged}").status_code == 404
    assert path.exists()
    printed = "".join(capsys.readouterr())
    (line,) = [one for one in printed.splitlines() if "list_not_understood" in one]
    assert damaged in line
    assert "CL-1512" in line
    assert "138001380" not in printed


def test_the_sweeper_outlasts_what_it_meets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[int] = []

    def sweep(_: Shelf, before_ms: int) -> int:
        swept.append(before_ms)
        raise ValueError("damaged")

    monkeypatch.setattr(Shelf, "sweep", sweep)
    monkeypatch.setattr(desk_lists, "_SWEEP_S", 0.0)
    lists = DeskLists(tmp_path, LIMIT, 7, FixedClock())
    lists.start()
    until(lambda: "x" * len(swept), lambda seen: len(seen) > 1)
    lists.stop()


def test_what_was_kept_is_read_as_it_was(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    upload = Upload(
        *(shelf.new_id(), "care", "care-1", "名单.csv", 1, "0" * 64, 1, "l", None, "objection"),
        state=State.STOPPED,
        counts={"rows": 1},
        trouble=("CL-1508", {"reason": "OSError"}),
    )
    shelf.keep(upload)
    assert shelf.find(upload.id) == upload
