"""Lists on the desk in a real browser: by keyboard alone, without script, read by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from consentlog.domain.vocabulary import Method
from consentlog.errors import Language
from producers.uploads.wording import wording
from tests.support.browser import (
    LANGUAGES,
    check_readable,
    has_visible_focus,
    tab_to,
    type_into,
)
from tests.support.desk_world import DeskWorld, desk_world

ROWS = 3000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DeskWorld]:
    with desk_world(tmp_path) as found:
        yield found


def _list(directory: Path) -> Path:
    file = directory / "dnc.csv"
    rows = "".join(f"138{n:08d},2025-11-20\n" for n in range(ROWS))
    file.write_text(f"手机号,日期\n12345,\n{rows}", "gb18030")
    return file


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_imports_a_list_without_script(
    plain: Page, world: DeskWorld, tmp_path: Path, language: Language
) -> None:
    words, page = wording(language), plain
    world.sign_in(page, language, "care")
    page.goto(world.at(language, "/desk/import"))
    assert has_visible_focus(page)
    # The dialog for files is the system's; what it would choose is put in for it.
    page.set_input_files("#file", _list(tmp_path))
    page.focus("#file")
    type_into(page, words.say("label_list"), "weekly")
    tab_to(page, words.say("label_entity"))
    page.keyboard.press("ArrowDown")
    tab_to(page, words.say("submit"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#counts")
    assert page.inner_text("h1") == words.say("title_looked")
    # The cursor stands where something is missing.
    page.wait_for_selector("#zone:focus")
    page.keyboard.type("Asia/Shanghai")
    # The rows of one batch, and the case that it opens.
    world.log.batches_until_closed = 2
    page.keyboard.press("Enter")
    page.wait_for_selector("progress")
    # It comes anew by itself until the import is done.
    page.wait_for_selector(f"#so-far:has-text('{1000:,}')")
    world.log.release()
    page.wait_for_selector(f"h1:has-text('{words.say('title_finished')}')")
    assert len(world.events) == ROWS
    assert {event.fact.method for event in world.events} == {Method.IMPORT}


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_every_page_of_lists_is_accessible(
    checked: Page, world: DeskWorld, tmp_path: Path, language: Language
) -> None:
    page = checked

    def check(what: str) -> None:
        check_readable(page, language, what)

    world.sign_in(page, language, "care")
    page.goto(world.at(language, "/desk/import"))
    check("form")
    page.click("button.first")
    page.wait_for_selector("[aria-invalid=true]")
    page.click("summary")
    check("form with everything missing")
    page.set_input_files("#file", _list(tmp_path))
    page.fill("#list", "weekly")
    page.select_option("#entity", "acme")
    page.click("button.first")
    page.wait_for_selector("#counts")
    check("counts, and a zone is needed")
    page.fill("#zone", "Mars")
    page.keyboard.press("Enter")
    page.wait_for_selector("#zone-wrong")
    check("wrong zone")
    page.fill("#zone", "Asia/Shanghai")
    world.log.batches_until_closed = 1
    page.keyboard.press("Enter")
    page.wait_for_selector("progress")
    # What comes anew by itself can be stopped, and is then a page that stays (WCAG 2.2.2).
    page.click("a[href$='still=1']")
    page.wait_for_selector("a[href$='still=1']")
    check("running")
    world.log.release()
    page.click("a[href*='/desk/import/']:not([href$='still=1'])")
    done = f"h1:has-text('{wording(language).say('title_finished')}')"
    page.wait_for_selector(done)
    check("done")
    page.goto(world.at(language, "/desk/import"))
    check("lists")
    odd = tmp_path / "odd.csv"
    odd.write_text("number\n" + "13800138000\n" * 9 + "138****8000\n" * 101)
    page.set_input_files("#file", odd)
    page.fill("#list", "odd")
    page.select_option("#entity", "acme")
    page.click("button.first")
    page.wait_for_selector("#unreadable:focus")
    check("much that cannot be read")
    page.keyboard.press("Enter")
    page.wait_for_selector("#unreadable-wrong")
    check("not said that it is so")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector(done)
