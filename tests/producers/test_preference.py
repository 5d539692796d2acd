"""The preference page: how things stand, and one step for each refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action, Channel, Method, Purpose
from consentlog.ports import Position
from consentlog.reference.words import load_words
from consentlog.words import Verdict, judge
from producers.channels.pages import Outside
from producers.preference.choices import PARTS, Part, part_of, refused_by
from producers.preference.standing import Standing, overall
from producers.preference.wording import wording
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.pages import FORM, KnownState, Page, nonce_of

CHOICES = {
    "marketing": (Purpose.MARKETING, Channel.ALL),
    "marketing-voice": (Purpose.MARKETING, Channel.VOICE),
    "marketing-sms": (Purpose.MARKETING, Channel.SMS),
    "service-voice": (Purpose.SERVICE, Channel.VOICE),
    "service-sms": (Purpose.SERVICE, Channel.SMS),
    "everything": (Purpose.ALL, Channel.ALL),
}


@pytest.fixture
def state() -> KnownState:
    return KnownState()


@pytest.fixture
def gateway(tmp_path: Path, state: KnownState) -> Iterator[Gateway]:
    with memory_gateway(tmp_path, pages=Outside(state)) as found:
        yield found


def _show(gateway: Gateway, token: str, language: str = "en", more: str = "") -> httpx2.Response:
    return gateway.client.get(f"/p/{token}?lang={language}{more}")


def _press(gateway: Gateway, token: str, choice: str, html: str = "") -> httpx2.Response:
    nonce = nonce_of(html or _show(gateway, token).text)
    return gateway.client.post(
        f"/p/{token}", content=f"nonce={nonce}&choice={choice}", headers=FORM
    )


def test_every_line_has_its_state_and_its_button(gateway: Gateway, state: KnownState) -> None:
    said = [Standing.OPEN, Standing.REFUSED, Standing.PARTLY, Standing.HELD]
    state.found = dict(zip(PARTS, said, strict=True))
    token = gateway.sealer.mint(NUMBER, Scope("acme"))
    for language in ("zh", "en"):
        page = Page(_show(gateway, token, language).text)
        assert page.values("button") == [
            "marketing",
            *(part.id for part in PARTS),
            "everything",
        ]
        words = wording("zh" if language == "zh" else "en")
        for standing in said:
            assert words.say(standing) in page.text
        assert words.say("not_known") not in page.text
    assert state.asked[0] == (NUMBER, "acme", None)
    assert gateway.is_untouched


@pytest.mark.parametrize("choice", CHOICES)
def test_one_press_refuses_what_the_button_says_and_no_more(gateway: Gateway, choice: str) -> None:
    answer = _press(gateway, gateway.sealer.mint(NUMBER, Scope("acme")), choice)
    assert answer.status_code == 200
    fact = gateway.event.fact
    assert (fact.action, fact.method, fact.entity) == (Action.REFUSED, Method.WEB, "acme")
    assert (fact.purpose, fact.channel) == CHOICES[choice]
    assert "set-cookie" not in answer.headers


def test_each_button_of_one_page_is_an_act_of_its_own(gateway: Gateway) -> None:
    token = gateway.sealer.mint(NUMBER, Scope("acme"))
    html = _show(gateway, token).text
    for choice in ("marketing-voice", "marketing-sms", "marketing-voice"):
        _press(gateway, token, choice, html)
    ids = [event.fact.event_id for event in gateway.events]
    assert len(ids) == 3
    assert len(set(ids)) == 2


@pytest.mark.parametrize("body", ["List-Unsubscribe=One-Click", "choice=nonsense", "choice=link"])
def test_a_press_without_a_known_button_refuses_what_the_link_was_made_for(
    gateway: Gateway, body: str
) -> None:
    scope = Scope("acme", "acme-life", None, Purpose.MARKETING, Channel.SMS)
    gateway.client.post(f"/p/{gateway.sealer.mint(NUMBER, scope)}", content=body, headers=FORM)
    assert gateway.event.fact.scope == scope


def test_an_old_link_of_a_campaign_that_is_over_refuses_the_entity_and_holds_nobody_else(
    gateway: Gateway,
) -> None:
    scope = Scope("acme", "acme-life", "acme-life-spring", channel=Channel.SMS)
    assert not gateway.reference.registry.knows(scope, gateway.clock.at_ms)
    token = gateway.sealer.mint(NUMBER, scope)
    answer = gateway.client.post(f"/p/{token}", content="List-Unsubscribe=One-Click", headers=FORM)
    assert answer.status_code == 200
    fact = gateway.event.fact
    assert (fact.action, fact.scope) == (Action.REFUSED, Scope("acme", channel=Channel.SMS))
    assert not gateway.reviews


def test_a_link_of_an_entity_that_is_gone_still_blocks(gateway: Gateway) -> None:
    token = gateway.sealer.mint(NUMBER, Scope("gamma"))
    assert gateway.client.post(f"/p/{token}", content="", headers=FORM).status_code == 200
    assert (gateway.event.fact.action, gateway.event.fact.entity) == (Action.HELD, "*")
    assert gateway.reviews


def test_a_narrow_link_has_a_button_for_its_own_part(gateway: Gateway) -> None:
    token = gateway.sealer.mint(NUMBER, Scope("acme", "acme-life"))
    page = Page(_show(gateway, token).text)
    assert page.values("button")[:2] == ["marketing", "link"]
    assert "acme-life" in page.text


def test_service_alone_is_everything_outside_the_page(gateway: Gateway) -> None:
    scope = {"entity": "acme", "purpose": "service"}
    gateway.post(
        {
            "number": NUMBER,
            "action": "refused",
            "scope": scope,
            "method": "spoken",
            "actor": {"id": "agent-7", "type": "agent"},
        }
    )
    assert gateway.event.fact.purpose is Purpose.ALL


def test_a_link_sealed_for_service_refuses_everything_in_one_click(gateway: Gateway) -> None:
    token = gateway.sealer.mint(NUMBER, Scope("acme", purpose=Purpose.SERVICE))
    answer = gateway.client.post(f"/p/{token}", content="List-Unsubscribe=One-Click", headers=FORM)
    assert gateway.event.fact.purpose is Purpose.ALL
    assert wording("en").say("all-all") in answer.text


def test_nobody_knows_and_refusing_works_all_the_same(tmp_path: Path) -> None:
    with memory_gateway(tmp_path) as gateway:
        token = gateway.sealer.mint(NUMBER, Scope("acme"))
        html = _show(gateway, token).text
        assert wording("en").say("not_known") in html
        assert _press(gateway, token, "marketing", html).status_code == 200
        assert gateway.event.fact.scope == Scope("acme")


def test_the_way_back_shows_what_was_just_written(gateway: Gateway, state: KnownState) -> None:
    token = gateway.sealer.mint(NUMBER, Scope("acme"))
    back = Page(_press(gateway, token, "marketing").text).links()[0]
    assert back.startswith(f"{token}?lang=")
    gateway.client.get(f"/p/{back}")
    assert isinstance(state.asked[-1][2], Position)


@pytest.mark.parametrize("seen", ["x", "12:1", "1:", "3:9999999999999999999", "%00"])
def test_a_write_that_is_none_is_not_waited_for(
    gateway: Gateway, state: KnownState, seen: str
) -> None:
    token = gateway.sealer.mint(NUMBER, Scope("acme"))
    assert _show(gateway, token, more=f"&seen={seen}").status_code == 200
    assert state.asked[-1][2] is None


def test_a_wrong_token_asks_nobody(gateway: Gateway, state: KnownState) -> None:
    assert _show(gateway, "k1.AAAA").status_code == 404
    assert not state.asked


def test_a_spool_that_is_full_keeps_the_button_that_was_pressed(gateway: Gateway) -> None:
    token = gateway.sealer.mint(NUMBER, Scope("acme"))
    html = _show(gateway, token).text
    gateway.log.is_full = True
    answer = _press(gateway, token, "service-sms", html)
    assert answer.status_code == 503
    assert Page(answer.text).values("button") == ["service-sms"]
    assert nonce_of(answer.text) == nonce_of(html)


def test_too_many_fields_still_refuse(gateway: Gateway) -> None:
    token = gateway.sealer.mint(NUMBER, Scope("acme"))
    body = "&".join(f"a{n}=1" for n in range(100))
    assert gateway.client.post(f"/p/{token}", content=body, headers=FORM).status_code == 200
    assert gateway.event.fact.scope == Scope("acme")


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    zh, en = wording("zh").texts, wording("en").texts
    assert zh.keys() == en.keys()
    for key, text in zh.items():
        assert {p for p in ("who", "number", "what", "part", "code") if f"{{{p}}}" in text} == {
            p for p in ("who", "number", "what", "part", "code") if f"{{{p}}}" in en[key]
        }, key


def test_the_words_that_the_wrong_page_asks_for_are_refusals() -> None:
    for word in ("TD", "STOP"):
        assert judge(word, load_words()).verdict is Verdict.REFUSE


def test_a_choice_names_a_part_of_the_links_entity() -> None:
    assert part_of("marketing-voice") == Part(Purpose.MARKETING, Channel.VOICE)
    assert part_of("link") is None
    assert refused_by("everything", Scope("beta", "b")) == Scope(
        "beta", None, None, Purpose.ALL, Channel.ALL
    )


OPEN, R, H, N, U = (
    Standing.OPEN,
    Standing.REFUSED,
    Standing.HELD,
    Standing.NO_CONSENT,
    Standing.UNKNOWN,
)


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ([OPEN], OPEN),
        ([R, R], R),
        ([R, OPEN], Standing.PARTLY),
        ([N, OPEN, R], Standing.PARTLY),
        ([R, N], N),
        ([R, H], H),
        ([R, R, U], U),
    ],
)
def test_refused_is_said_only_where_every_contact_is(
    found: list[Standing], meant: Standing
) -> None:
    assert overall(found) is meant
