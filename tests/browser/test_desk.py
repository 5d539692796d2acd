"""The desk in a real browser: by keyboard alone, without script, read by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action, Channel, HoldKind
from consentlog.errors import Language
from producers.desk.wording import wording
from tests.support.browser import (
    LANGUAGES,
    check_readable,
    choose,
    has_visible_focus,
    tab_to,
    type_into,
)
from tests.support.desk_world import DeskWorld, desk_world
from tests.support.gateway import NUMBER

TYPED = "138 0013 8000"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DeskWorld]:
    with desk_world(tmp_path) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_refuses_with_a_number_and_enter(
    plain: Page, world: DeskWorld, language: Language
) -> None:
    words = wording(language)
    world.sign_in(plain, language)
    assert plain.inner_text("h1") == words.say("title_record")
    assert has_visible_focus(plain)
    plain.keyboard.type(TYPED)
    choose(plain, words.say("label_entity"), "Acme")
    plain.keyboard.press("Shift+Tab")
    plain.keyboard.press("Enter")
    plain.wait_for_selector("#said.done")
    assert plain.inner_text("h1").startswith(words.say("denied_voice").partition("{")[0])
    (event,) = world.events
    assert (event.subject, event.fact.action, event.fact.scope) == (
        NUMBER,
        Action.REFUSED,
        Scope("acme"),
    )
    # The next one: the company stands there still, so a number and Enter are all.
    plain.wait_for_selector("#number:focus")
    plain.keyboard.type("13800138001")
    plain.keyboard.press("Enter")
    plain.wait_for_function("document.querySelector('#said').innerText.includes('8001')")
    assert {event.subject[-4:] for event in world.events} == {"8000", "8001"}
    assert all(event.fact.action is Action.REFUSED for event in world.events)


@pytest.mark.parametrize("language", LANGUAGES)
def test_enter_in_any_field_is_the_refusal_and_not_the_weaker_button(
    plain: Page, world: DeskWorld, language: Language
) -> None:
    words = wording(language)
    world.sign_in(plain, language)
    plain.keyboard.type(TYPED)
    choose(plain, words.say("label_entity"), "Beta")
    tab_to(plain, "until")
    plain.keyboard.press("Enter")
    plain.wait_for_selector("#said")
    assert [event.fact.action for event in world.events] == [Action.REFUSED]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_reaches_not_now_after_the_refusal(
    plain: Page, world: DeskWorld, language: Language
) -> None:
    words = wording(language)
    world.sign_in(plain, language)
    plain.keyboard.type(TYPED)
    choose(plain, words.say("label_entity"), "Acme")
    tab_to(plain, words.say("submit_record"))
    assert has_visible_focus(plain)
    tab_to(plain, words.say("not_now"))
    assert has_visible_focus(plain)
    plain.keyboard.press("Enter")
    plain.wait_for_selector("#said")
    assert [event.fact.hold_kind for event in world.events] == [HoldKind.NOT_NOW]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_refuses_a_part_in_the_persons_words(
    plain: Page, world: DeskWorld, language: Language
) -> None:
    words = wording(language)
    world.sign_in(plain, language)
    plain.keyboard.type(TYPED)
    choose(plain, words.say("label_entity"), "Acme")
    tab_to(plain, words.say("group_part"))
    plain.keyboard.press("Enter")
    choose(plain, words.say("label_channel"), words.say("channel_sms"))
    tab_to(plain, "words")
    plain.keyboard.press("Enter")
    # The words are missing: the cursor stands where they go.
    plain.wait_for_selector("#words:focus[aria-invalid=true]")
    assert not world.events
    plain.keyboard.type("别再发短信了")
    plain.keyboard.press("Enter")
    plain.wait_for_selector("#said")
    assert [event.fact.scope for event in world.events] == [Scope("acme", channel=Channel.SMS)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_submits_a_consent_and_signs_out(
    plain: Page, world: DeskWorld, language: Language
) -> None:
    words = wording(language)
    world.sign_in(plain, language)
    # Back over signing out and the tab of lists.
    for _ in range(3):
        plain.keyboard.press("Shift+Tab")
    assert plain.evaluate("() => document.activeElement.innerText") == words.say("tab_consent")
    plain.keyboard.press("Enter")
    plain.wait_for_selector("#number:focus")
    plain.keyboard.type(TYPED)
    choose(plain, words.say("label_entity"), "Acme")
    choose(plain, words.say("label_channel"), words.say("granted_channel_voice"))
    for name, text in {
        "words": "可以",
        "text_version": "c2",
        "recording": "s3:a.wav",
        "sha256": "ab" * 32,
    }.items():
        type_into(plain, name, text)
    plain.keyboard.press("Enter")
    plain.wait_for_selector("#said")
    assert plain.inner_text("h1") == words.say("waiting")
    (event,) = world.events
    assert (event.fact.action, event.fact.channel) == (Action.GRANTED, Channel.VOICE)
    plain.click(f"text={words.say('sign_out')}")
    plain.wait_for_selector("#key")
    assert plain.context.cookies() == []


def test_a_browser_sends_our_forms_and_no_others(plain: Page, world: DeskWorld) -> None:
    """What a browser itself says of where a form comes from, and the cookie that it keeps back."""
    world.sign_in(plain, "en")
    (cookie,) = plain.context.cookies()
    page = plain.context.new_page()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/desk")
    elsewhere = world.url.replace("127.0.0.1", "localhost")
    page.route("**/evil", lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto(f"{elsewhere}/evil")
    page.set_content(
        f'<form method="post" action="{world.at("en")}"><input name="number" value="{NUMBER}">'
        '<input name="entity" value="acme"><button>go</button></form>'
    )
    page.click("button")
    page.wait_for_selector("p.note")
    assert page.inner_text("h1") == wording("en").say("foreign")
    assert not world.events


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_every_page_can_be_read_by_everybody(
    checked: Page, world: DeskWorld, language: Language
) -> None:
    words = wording(language)

    def check(what: str) -> None:
        check_readable(checked, language, what)

    def submit(number: str, entity: str = "acme") -> None:
        checked.fill("#number", number)
        checked.select_option("#entity", entity)
        checked.click("button.first")
        checked.wait_for_selector("#said, .note")

    checked.goto(world.at(language))
    check("sign in")
    checked.fill("#key", "wrong")
    checked.keyboard.press("Enter")
    checked.wait_for_selector(".note")
    check("wrong key")
    world.sign_in(checked, language, "care")
    check("record")
    submit("", "")
    checked.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    check("everything wrong, everything unfolded")
    submit(TYPED)
    check("denied")
    world.spread.denies = False
    submit(TYPED)
    check("not yet spread")
    world.log.is_full = True
    submit(TYPED)
    check("not recorded")
    world.log.is_full = False
    submit("12345")
    check("quarantined")
    for path in ("/desk/consent", "/desk/correct"):
        checked.goto(world.at(language, path))
        check(path)
        checked.click("button.first")
        checked.wait_for_selector("[aria-invalid=true]")
        check(f"{path} with everything missing")
    checked.fill("#number", TYPED)
    checked.select_option("#entity", "acme")
    checked.fill("#target", "ab" * 16)
    checked.fill("#reason", "a digit was misheard")
    checked.click("button.first")
    checked.wait_for_selector("#said")
    assert checked.inner_text("h1") == words.say("waiting")
    check("waiting for a second person")
    checked.context.clear_cookies()
    world.sign_in(checked, language, "compliance")
    checked.goto(world.at(language, "/desk/reviews"))
    check("cases")
    checked.click(".cases a >> nth=0")
    checked.wait_for_selector("#why")
    check("one case")
    checked.fill("#why", "nothing to be done")
    checked.click("button[value=dismissed]")
    checked.wait_for_selector("#said")
    check("decided")
