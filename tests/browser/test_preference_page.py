"""The preference page in a real browser: by keyboard alone, without script, read by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action, Channel, Purpose
from consentlog.errors import Language
from producers.preference.choices import PARTS
from producers.preference.standing import Standing
from producers.preference.wording import wording
from tests.support.browser import (
    LANGUAGES,
    NARROW,
    PHONE,
    check_readable,
    has_visible_focus,
    tab_to,
    type_into,
    violations,
)
from tests.support.page_world import PageWorld, page_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PageWorld]:
    with page_world(tmp_path) as found:
        yield found


@pytest.fixture
def viewport() -> ViewportSize:
    return PHONE


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("button", "scope"),
    [
        ("refuse_first", Scope("acme")),
        ("refuse_marketing-sms", Scope("acme", channel=Channel.SMS)),
        ("refuse_service-voice", Scope("acme", None, None, Purpose.SERVICE, Channel.VOICE)),
        ("refuse_everything", Scope("acme", None, None, Purpose.ALL, Channel.ALL)),
    ],
)
def test_the_keyboard_refuses_in_one_step(
    plain: Page, world: PageWorld, language: Language, button: str, scope: Scope
) -> None:
    words = wording(language)
    plain.goto(world.page(language))
    tab_to(plain, words.say(button))
    assert has_visible_focus(plain)
    plain.keyboard.press("Enter")
    plain.wait_for_selector("p.done")
    assert plain.inner_text("h1") == words.say("done")
    (event,) = world.events
    assert (event.fact.action, event.fact.scope) == (Action.REFUSED, scope)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_goes_back_and_reads_how_things_stand(
    plain: Page, world: PageWorld, language: Language
) -> None:
    words = wording(language)
    plain.goto(world.page(language))
    tab_to(plain, words.say("refuse_first"))
    plain.keyboard.press("Enter")
    plain.wait_for_selector("p.done")
    world.state.found = dict.fromkeys(PARTS, Standing.REFUSED)
    tab_to(plain, words.say("back"))
    plain.keyboard.press("Enter")
    plain.wait_for_selector("section")
    assert plain.locator("span.refused").count() == len(PARTS)
    assert plain.inner_text("h1") == words.say("title")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_agrees_with_a_code(plain: Page, world: PageWorld, language: Language) -> None:
    words = wording(language)
    plain.goto(world.page(language))
    tab_to(plain, words.say("agree_link"))
    plain.keyboard.press("Enter")
    plain.wait_for_selector("fieldset")
    tab_to(plain, words.say("marketing-sms"))
    plain.keyboard.press("Space")
    tab_to(plain, words.say("send_code"))
    plain.keyboard.press("Enter")
    plain.wait_for_selector("#code")
    type_into(plain, "code", world.phone.code)
    plain.keyboard.press("Enter")
    plain.wait_for_selector("p.done")
    assert plain.inner_text("h1") == words.say("agreed")
    (event,) = world.events
    assert event.fact.action is Action.GRANTED
    assert event.fact.scope == Scope("acme", channel=Channel.SMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_click_of_a_mail_program_refuses(
    plain: Page, world: PageWorld, language: Language
) -> None:
    """The POST of RFC 8058, from a place that is not ours, with no cookie and no page before it."""
    plain.set_content(
        f'<form method="post" action="{world.page(language)}">'
        '<input type="hidden" name="List-Unsubscribe" value="One-Click">'
        "<button>unsubscribe</button></form>"
    )
    tab_to(plain, "unsubscribe")
    plain.keyboard.press("Enter")
    plain.wait_for_selector("p.done")
    assert plain.context.cookies() == []
    (event,) = world.events
    assert (event.fact.action, event.fact.scope) == (Action.REFUSED, Scope("acme"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_looking_changes_nothing(plain: Page, world: PageWorld, language: Language) -> None:
    plain.goto(world.page(language))
    plain.reload()
    plain.goto(f"{world.link()}/agree?lang={language}")
    assert not world.events
    assert not [text for text in world.phone.texts if "13800138000" in text]


def test_the_check_itself_finds_what_is_wrong(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        "<p style='color:#aaa;background:#fff'>grey</p><input type=text><button></button>"
    )
    found = violations(page)
    for rule in ("color-contrast", "label", "button-name", "html-has-lang"):
        assert f"{rule}:" in found
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_read_by_everybody(
    checked: Page, world: PageWorld, language: Language
) -> None:
    words = wording(language)
    link = world.link()

    def check(what: str) -> None:
        check_readable(checked, language, what)

    said = [Standing.OPEN, Standing.PARTLY, Standing.REFUSED, Standing.HELD]
    for standings in (said, [Standing.UNKNOWN] * 4, [Standing.NO_CONSENT] * 4):
        world.state.found = dict(zip(PARTS, standings, strict=True))
        checked.goto(f"{link}?lang={language}")
        check(f"preferences {standings}")
    checked.set_viewport_size(NARROW)
    check("preferences on a narrow screen")
    world.log.is_full = True
    checked.click(f"text={words.say('refuse_first')}")
    checked.wait_for_selector("p.note")
    check("failed")
    world.log.is_full = False
    checked.click("button")
    checked.wait_for_selector("p.done")
    check("refused")
    checked.goto(f"{world.url}/p/k1.AAAA?lang={language}")
    check("wrong")
    checked.goto(f"{link}/agree?lang={language}")
    check("choose")
    checked.click("button")
    checked.wait_for_selector("p.note")
    check("nothing chosen")
    checked.check("input[value=marketing-voice]")
    checked.check("input[value=service-sms]")
    checked.click("button")
    checked.wait_for_selector("#code")
    check("enter")
    checked.fill("#code", "x")
    checked.click("button")
    checked.wait_for_selector("p.note")
    check("wrong code")
    checked.fill("#code", world.phone.code)
    checked.click("button")
    checked.wait_for_selector("p.done")
    check("agreed")
