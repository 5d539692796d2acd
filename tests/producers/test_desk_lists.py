"""Lists on the desk: what is counted, what is recorded, what goes on after an interruption."""

from __future__ import annotations

import csv
import io
import stat
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from consentlog.domain.facts import key_of
from consentlog.domain.vocabulary import Action, Basis, Method
from consentlog.testing.event_log import MemoryEventLog
from producers.imports.columns import columns_of
from producers.imports.preview import preview
from producers.imports.rows import ListOf, RowReader
from producers.imports.tables import open_table
from producers.uploads import runs
from producers.uploads.desk_lists import DeskLists
from producers.uploads.upload import Upload
from producers.uploads.wording import wording
from tests.support.desk_lists import HaltingLog, ListClerk, counts_of, list_desk
from tests.support.gateway import Gateway
from tests.support.histories import DAY_MS
from tests.support.imports import write_xlsx

WORDS = wording("en")
MIXED = (
    "手机号,日期,状态\n13800138000,2025-11-20,\n13900139000,2025-11-20,同意\n138****8000,,\n"
    "13800138000,2025-11-20,\n13700137000,20 Nov,什么\n"
)


def numbers(count: int) -> bytes:
    """A list of so many different numbers, one a line."""
    return "\n".join(f"138{n:08d}" for n in range(count)).encode()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, DeskLists]]:
    with list_desk(tmp_path_factory.mktemp("desk")) as found:
        yield found


@pytest.fixture
def gateway(desk: tuple[Gateway, DeskLists]) -> Gateway:
    gateway, _ = desk
    gateway.log.clear()
    return gateway


@pytest.fixture
def clerk(gateway: Gateway) -> ListClerk:
    found = ListClerk(gateway)
    found.sign_in("care")
    return found


def _rows(answer_text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer_text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "xlsx"])
def test_the_counts_are_those_of_the_command(
    clerk: ListClerk, gateway: Gateway, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "list"
    if encoding == "xlsx":
        write_xlsx(file, [line.split(",") for line in MIXED.splitlines()])
    else:
        file.write_text(MIXED, encoding=encoding)
    table = open_table(file)
    columns = columns_of(table, {})
    about = ListOf("counted", "acme", None, "CN")
    expected = preview(table, columns, RowReader(columns, about, table))
    list_id = clerk.list_id(clerk.hand_in(file.read_bytes(), list="counted"))
    page = clerk.page(list_id)
    assert counts_of(page) == {
        WORDS.say("count_rows"): expected.rows,
        WORDS.say("count_valid"): expected.valid,
        WORDS.say("count_duplicates"): expected.duplicates,
        WORDS.say("count_quarantined"): expected.quarantined,
        WORDS.say("count_without_zone"): expected.without_zone,
        WORDS.say("count_would_loosen"): expected.would_loosen,
        **{
            WORDS.say(f"found_{finding}"): count
            for finding, count in expected.findings.items()
            if finding != "would_loosen"
        },
    }
    assert (expected.rows, expected.valid, expected.would_loosen) == (5, 3, 1)
    assert "<dt>Number</dt><dd>手机号</dd>" in page
    assert gateway.is_untouched


def test_rows_become_what_the_import_makes_of_them(clerk: ListClerk, gateway: Gateway) -> None:
    list_id = clerk.list_id(
        clerk.hand_in(MIXED.encode(), zone="Asia/Shanghai", basis="objection", list="mixed")
    )
    assert clerk.go(list_id).status_code == 303
    page = clerk.until(list_id, WORDS.html("title_finished"))
    assert counts_of(page, "what_comes") == {
        WORDS.say("sent_recorded"): 2,
        WORDS.say("sent_held"): 1,
        WORDS.say("sent_review"): 2,
    }
    facts = {key_of(event.fact): event.fact for event in gateway.events}.values()
    refused = next(fact for fact in facts if fact.action is Action.REFUSED)
    assert Counter(fact.action for fact in facts) == {Action.REFUSED: 1, Action.HELD: 1}
    assert (refused.source, refused.method, refused.basis) == (
        "care",
        Method.IMPORT,
        Basis.OBJECTION,
    )
    assert (refused.actor_id, refused.zone) == ("care-1", "Asia/Shanghai")


def test_rows_to_look_at_are_a_file_for_the_same_source_only(
    clerk: ListClerk, gateway: Gateway
) -> None:
    list_id = clerk.list_id(clerk.hand_in(MIXED.encode(), zone="Asia/Shanghai", list="looked at"))
    clerk.go(list_id)
    clerk.until(list_id, WORDS.html("title_finished"))
    answer = clerk.get(f"/desk/import/{list_id}/errors.csv")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = _rows(answer.text)
    assert [row["row"] for row in rows] == ["3", "4", "6"]
    assert rows[0]["手机号"] == "13900139000"
    assert {row["review_id"] for row in rows[:2]} <= {
        one.review_id.hex() for one in gateway.reviews
    }
    other = ListClerk(gateway)
    other.sign_in("desk")
    for path in (f"/desk/import/{list_id}", f"/desk/import/{list_id}/errors.csv"):
        assert other.get(path).status_code == 404
    assert other.go(list_id).status_code == 404
    assert list_id not in other.get("/desk/import").text
    nobody = ListClerk(gateway)
    page = nobody.get(f"/desk/import/{list_id}/errors.csv").text
    assert 'name="key"' in page
    assert "13900139000" not in page


def test_no_page_shows_a_whole_number(clerk: ListClerk, gateway: Gateway) -> None:
    answer = clerk.hand_in(b"phone\n13800138000\n", "13800138000.csv", list="of 13900139000")
    page = clerk.page(clerk.list_id(answer)) + clerk.get("/desk/import").text
    assert "13800138000" not in page
    assert "13900139000" not in page


def test_a_zone_is_asked_for_where_a_date_needs_one(clerk: ListClerk, gateway: Gateway) -> None:
    list_id = clerk.list_id(clerk.hand_in(MIXED.encode(), list="zoned"))
    assert WORDS.html("needs_zone", count="3") in clerk.page(list_id)
    for zone in ("", "Mars"):
        answer = clerk.go(list_id, zone=zone)
        assert answer.status_code == 422
        assert WORDS.html("wrong_zone") in answer.text
    assert gateway.is_untouched
    assert clerk.go(list_id, zone="Asia/Shanghai").status_code == 303
    clerk.until(list_id, WORDS.html("title_finished"))
    assert {event.fact.zone for event in gateway.events} == {"Asia/Shanghai", None}


def test_the_same_row_of_the_same_list_is_one_act(clerk: ListClerk, gateway: Gateway) -> None:
    for _ in range(2):
        list_id = clerk.list_id(clerk.hand_in(numbers(20), list="again"))
        clerk.go(list_id)
        clerk.until(list_id, WORDS.html("title_finished"))
    assert len(gateway.events) == 40
    assert len({key_of(event.fact) for event in gateway.events}) == 20


def test_a_row_that_was_gone_and_returns_is_a_new_act(clerk: ListClerk, gateway: Gateway) -> None:
    for content in (numbers(2), numbers(1), numbers(2)):
        list_id = clerk.list_id(clerk.hand_in(content, list="returning"))
        clerk.go(list_id)
        clerk.until(list_id, WORDS.html("title_finished"))
    ids = {(event.subject, event.fact.event_id) for event in gateway.events}
    assert Counter(subject for subject, _ in ids) == {"+8613800000000": 1, "+8613800000001": 2}


def test_what_is_kept_is_for_the_owner_only(
    desk: tuple[Gateway, DeskLists], clerk: ListClerk
) -> None:
    _, lists = desk
    list_id = clerk.list_id(clerk.hand_in(MIXED.encode(), list="kept"))
    file = lists.shelf.list_of(list_id)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    for path in file.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_finished_lists_go_after_their_days_and_others_stay(
    desk: tuple[Gateway, DeskLists], clerk: ListClerk
) -> None:
    gateway, lists = desk
    done, waiting = (
        clerk.list_id(clerk.hand_in(numbers(3), list=name)) for name in ("done", "waiting")
    )
    clerk.go(done)
    clerk.until(done, WORDS.html("title_finished"))
    now_ms = gateway.clock.at_ms
    try:
        gateway.clock.at_ms = now_ms + 7 * DAY_MS
        lists.sweep()
        assert lists.shelf.find(done) is not None
        gateway.clock.at_ms += 1
        lists.sweep()
    finally:
        gateway.clock.at_ms = now_ms
    assert lists.shelf.find(done) is None
    assert not lists.shelf.list_of(done).parent.exists()
    assert lists.shelf.find(waiting) is not None


def test_a_list_can_be_discarded_until_it_is_done(
    desk: tuple[Gateway, DeskLists], clerk: ListClerk
) -> None:
    _, lists = desk
    list_id = clerk.list_id(clerk.hand_in(numbers(3), list="unwanted"))
    assert clerk.post(f"/desk/import/{list_id}", act="discard").status_code == 303
    assert lists.shelf.find(list_id) is None
    assert not lists.shelf.list_of(list_id).parent.exists()
    assert clerk.get(f"/desk/import/{list_id}").status_code == 404


def test_a_stopped_gateway_leaves_a_list_that_goes_on_with_nothing_lost_or_doubled(
    tmp_path: Path,
) -> None:
    log = HaltingLog()
    log.batches_until_closed = 2
    with list_desk(tmp_path, log) as (gateway, lists):
        clerk = ListClerk(gateway)
        clerk.sign_in("care")
        list_id = clerk.list_id(clerk.hand_in(numbers(5000)))
        clerk.go(list_id)
        page = clerk.until(list_id, 'value="2000"')
        assert '<meta http-equiv="refresh" content="2">' in page
        assert WORDS.html("so_far", done="2,000", rows="5,000", percent="40") in page
        still = clerk.gateway.client.get(
            f"/desk/import/{list_id}?still=1", headers={"cookie": _cookie(clerk)}
        )
        assert "http-equiv" not in still.text
        # The same button twice changes nothing; another file of the same list has to wait.
        assert clerk.go(list_id).status_code == 303
        other = clerk.list_id(clerk.hand_in(numbers(5)))
        clerk.until(other, WORDS.html("go_import"))
        busy = clerk.go(other)
        assert busy.status_code == 409
        assert "CL-1504" in busy.text
        assert clerk.post(f"/desk/import/{list_id}", act="discard").status_code == 303
        lists.stop()
        log.release()
    assert len(gateway.events) < 5000
    with list_desk(tmp_path, log) as (gateway, _):
        clerk = ListClerk(gateway)
        clerk.sign_in("care")
        page = clerk.page(list_id)
        assert WORDS.html("interrupted_text") in page
        assert WORDS.html("state_interrupted") in clerk.get("/desk/import").text
        assert clerk.go(list_id).status_code == 303
        page = clerk.until(list_id, WORDS.html("title_finished"))
        assert counts_of(page, "what_comes") == {WORDS.say("sent_recorded"): 5000}
        assert "http-equiv" not in page
    assert len({key_of(event.fact) for event in gateway.events}) == 5000
    # Only batches that were on their way were sent again.
    assert len(gateway.events) <= 5000 + 4000


def test_a_look_that_failed_is_made_again_and_nothing_is_sent_before(
    clerk: ListClerk, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Upload:
        raise OSError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(runs, "look_over", fails)
        list_id = clerk.list_id(clerk.hand_in(b"number,date\n13800138000,2025-11-20\n", zone=""))
        clerk.until(list_id, WORDS.html("title_interrupted"))
    assert clerk.go(list_id).status_code == 303
    page = clerk.until(list_id, 'name="zone"')
    assert gateway.is_untouched
    assert WORDS.html("title_looked") in page


def test_the_same_file_handed_in_again_has_a_file_of_faults_of_its_own(
    clerk: ListClerk, gateway: Gateway
) -> None:
    faulty = b"number\n13800138000\n138****8000\n"
    found = []
    for _ in range(2):
        list_id = clerk.list_id(clerk.hand_in(faulty, list="twice"))
        clerk.go(list_id)
        clerk.until(list_id, WORDS.html("title_finished"))
        found.append(_rows(clerk.get(f"/desk/import/{list_id}/errors.csv").text))
    assert [len(rows) for rows in found] == [1, 1]
    assert len({key_of(event.fact) for event in gateway.events}) == 1


def _cookie(clerk: ListClerk) -> str:
    return "; ".join(f"{name}={value}" for name, value in clerk.cookies.items())


def test_a_gateway_that_takes_nothing_is_waited_for(clerk: ListClerk, gateway: Gateway) -> None:
    log = gateway.log
    assert isinstance(log, MemoryEventLog)
    list_id = clerk.list_id(clerk.hand_in(numbers(10), list="patient"))
    log.is_full = True
    timer = threading.Timer(0.2, lambda: setattr(log, "is_full", False))
    timer.start()
    clerk.go(list_id)
    clerk.until(list_id, WORDS.html("title_finished"))
    assert len({key_of(event.fact) for event in gateway.events}) == 10
