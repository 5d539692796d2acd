"""A list of which much cannot be read: the desk asks once more, and that can be answered."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from producers.uploads.desk_lists import DeskLists
from producers.uploads.wording import wording
from tests.support.desk_lists import ListClerk, counts_of, list_desk
from tests.support.gateway import Gateway

WORDS = wording("en")
ODD = ("number,date\n" + "13800138000,\n" * 150 + "138****8000,\n" * 101).encode()
BOX = re.compile(r'<input type="checkbox" id="unreadable" name="unreadable"[^>]*>')


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, DeskLists]]:
    with list_desk(tmp_path_factory.mktemp("desk")) as found:
        yield found


@pytest.fixture
def clerk(desk: tuple[Gateway, DeskLists]) -> ListClerk:
    gateway, _ = desk
    gateway.log.clear()
    found = ListClerk(gateway)
    found.sign_in("care")
    return found


def test_it_is_imported_only_once_somebody_said_so_beside_the_counts(clerk: ListClerk) -> None:
    list_id = clerk.list_id(clerk.hand_in(ODD, list="odd"))
    page = clerk.page(list_id)
    (box,) = BOX.findall(page)
    assert "101" in page.partition("CL-1510")[0].rpartition('class="note"')[2]
    assert 'for="unreadable"' in page
    assert "aria-invalid" not in box
    again = clerk.go(list_id)
    (box,) = BOX.findall(again.text)
    assert (again.status_code, 'aria-invalid="true"' in box) == (422, True)
    assert WORDS.html("wrong_unreadable") in again.text
    assert clerk.gateway.is_untouched
    assert clerk.go(list_id, unreadable="yes").status_code == 303
    page = clerk.until(list_id, WORDS.html("title_finished"))
    sent = counts_of(page, "what_comes")
    assert sent == {WORDS.say("sent_recorded"): 150, WORDS.say("sent_review"): 101}
    assert not BOX.search(page)


def test_a_zone_and_the_word_are_asked_for_together_and_what_was_given_stays(
    clerk: ListClerk,
) -> None:
    dated = ODD.replace(b"138****8000,\n", b"138****8000,2025-11-20\n")
    list_id = clerk.list_id(clerk.hand_in(dated, list="odd and dated"))
    neither = clerk.go(list_id)
    assert neither.text.count('aria-invalid="true"') == 2
    one = clerk.go(list_id, zone="Asia/Shanghai")
    assert (one.status_code, one.text.count('aria-invalid="true"')) == (422, 1)
    assert 'value="Asia/Shanghai"' in one.text
    other = clerk.go(list_id, unreadable="yes")
    (box,) = BOX.findall(other.text)
    assert (other.status_code, "checked" in box) == (422, True)
    assert clerk.gateway.is_untouched
    both = clerk.go(list_id, zone="Asia/Shanghai", unreadable="yes")
    assert both.status_code == 303
    clerk.until(list_id, WORDS.html("title_finished"))


def test_where_little_cannot_be_read_nothing_more_is_asked(clerk: ListClerk) -> None:
    few = ("number\n" + "13800138000\n" * 150 + "138****8000\n" * 100).encode()
    list_id = clerk.list_id(clerk.hand_in(few, list="few odd"))
    assert not BOX.search(clerk.page(list_id))
    assert clerk.go(list_id).status_code == 303
    clerk.until(list_id, WORDS.html("title_finished"))
