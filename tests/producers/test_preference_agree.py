"""Consent on the page: only with the code that was sent to the number, and with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest

from consentlog.domain.grants import flaw_of
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action, Channel, Method, Purpose
from consentlog.errors import TransientError
from consentlog.wire.evidence import decode_evidence
from producers.channels.pages import Outside
from producers.preference.wording import wording
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.pages import FORM, KnownState, Page, nonce_of


class Phone:
    """A `CodeSender` whose messages a test reads."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.is_down = False

    async def send(self, subject: str, text: str) -> None:
        if self.is_down:
            raise TransientError("CL-1603", reason="no way to the phone")
        self.texts.append((subject, text))

    @property
    def code(self) -> str:
        """The newest code."""
        found = re.search(r"\b(\d{6})\b", self.texts[-1][1])
        assert found
        return found[1]


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def gateway(tmp_path: Path, phone: Phone) -> Iterator[Gateway]:
    with memory_gateway(tmp_path, pages=Outside(KnownState(), phone)) as found:
        yield found


@pytest.fixture
def token(gateway: Gateway) -> str:
    return gateway.sealer.mint(NUMBER, Scope("acme", "acme-life"))


def _post(gateway: Gateway, token: str, *parts: str, **fields: str) -> httpx2.Response:
    body = urlencode([*fields.items(), *(("part", part) for part in parts)])
    return gateway.client.post(f"/p/{token}/agree?lang=en", content=body, headers=FORM)


def _give(gateway: Gateway, token: str, code: str, *parts: str, html: str = "") -> httpx2.Response:
    html = html or _post(gateway, token, *parts, step="send").text
    return _post(gateway, token, *parts, step="give", nonce=nonce_of(html), code=code)


def test_the_page_leads_there_by_a_link_and_nothing_is_chosen(
    gateway: Gateway, token: str, phone: Phone
) -> None:
    links = Page(gateway.client.get(f"/p/{token}?lang=zh").text).links()
    assert f"{token}/agree?lang=zh" in links
    html = gateway.client.get(f"/p/{token}/agree?lang=zh").text
    assert "checked" not in html
    assert "13800138000" not in html
    assert not phone.texts
    assert gateway.is_untouched


def test_the_code_goes_to_the_number_and_stands_nowhere_else(
    gateway: Gateway, token: str, phone: Phone, capsys: pytest.CaptureFixture[str]
) -> None:
    html = _post(gateway, token, "marketing-sms", step="send").text
    ((number, text),) = phone.texts
    assert number == NUMBER
    assert "Acme Insurance" in text
    assert "marketing texts" in text
    output = "".join(capsys.readouterr())
    assert phone.code not in html + output
    assert "13800138000" not in html + output
    assert gateway.is_untouched


def test_with_the_code_each_choice_is_a_consent_of_its_own(
    gateway: Gateway, token: str, phone: Phone
) -> None:
    parts = ("marketing-voice", "service-sms")
    html = _post(gateway, token, *parts, step="send").text
    answer = _give(gateway, token, phone.code, *parts, html=html)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    facts = sorted((event.fact for event in gateway.events), key=lambda fact: fact.purpose)
    assert [fact.scope for fact in facts] == [
        Scope("acme", None, None, Purpose.MARKETING, Channel.VOICE),
        Scope("acme", None, None, Purpose.SERVICE, Channel.SMS),
    ]
    for fact in facts:
        assert (fact.action, fact.method) == (Action.GRANTED, Method.WEB)
        assert flaw_of(fact, approved=False) is None


def test_the_evidence_holds_the_words_that_were_agreed_to(
    gateway: Gateway, token: str, phone: Phone
) -> None:
    html = _post(gateway, token, "marketing-sms", step="send").text
    _give(gateway, token, phone.code, "marketing-sms", html=html)
    evidence = decode_evidence(gateway.event.evidence)
    assert evidence.verbatim
    assert evidence.verbatim in html
    assert evidence.language == "en"
    assert evidence.consent_text_version == wording("en").text_version
    assert evidence.user_agent
    assert evidence.source_system == "code sent to the number"


def test_pressing_twice_is_one_consent(gateway: Gateway, token: str, phone: Phone) -> None:
    html = _post(gateway, token, "marketing-sms", step="send").text
    for _ in range(2):
        assert _give(gateway, token, phone.code, "marketing-sms", html=html).status_code == 200
    assert len({event.fact.event_id for event in gateway.events}) == 1


def test_a_used_code_gives_nothing_more(gateway: Gateway, token: str, phone: Phone) -> None:
    html = _post(gateway, token, "marketing-sms", step="send").text
    _give(gateway, token, phone.code, "marketing-sms", html=html)
    again = _post(gateway, token, "marketing-sms", step="give", nonce="ab" * 16, code=phone.code)
    assert again.status_code == 422
    assert len(gateway.events) == 1


@pytest.mark.parametrize("code", ["", "000000", "abc", "9" * 500])
def test_without_the_code_nothing_is_consented(
    gateway: Gateway, token: str, phone: Phone, code: str
) -> None:
    html = _post(gateway, token, "marketing-sms", step="send").text
    code = "111111" if code == phone.code else code
    answer = _give(gateway, token, code, "marketing-sms", html=html)
    assert answer.status_code == 422
    assert wording("en").say("code_wrong") in answer.text
    assert nonce_of(answer.text) == nonce_of(html)
    assert gateway.is_untouched


def test_a_code_for_texts_does_not_open_calls(gateway: Gateway, token: str, phone: Phone) -> None:
    html = _post(gateway, token, "marketing-sms", step="send").text
    for parts in (("marketing-voice",), ("marketing-sms", "marketing-voice")):
        assert _give(gateway, token, phone.code, *parts, html=html).status_code == 422
    assert gateway.is_untouched


def test_a_code_of_one_entity_opens_nothing_at_another(
    gateway: Gateway, token: str, phone: Phone
) -> None:
    html = _post(gateway, token, "marketing-sms", step="send").text
    other = gateway.sealer.mint(NUMBER, Scope("beta"))
    assert _give(gateway, other, phone.code, "marketing-sms", html=html).status_code == 422
    assert gateway.is_untouched


@pytest.mark.parametrize("part", [(), ("everything",), ("marketing",), ("<script>",)])
def test_a_choice_that_is_none_sends_nothing(
    gateway: Gateway, token: str, phone: Phone, part: tuple[str, ...]
) -> None:
    for step in ("send", "give"):
        assert _post(gateway, token, *part, step=step, code="000000").status_code == 422
    assert not phone.texts
    assert gateway.is_untouched


def test_the_fourth_code_of_an_hour_is_not_sent(gateway: Gateway, token: str, phone: Phone) -> None:
    answers = [_post(gateway, token, "marketing-sms", step="send") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "3600"
    assert len(phone.texts) == 3


def test_a_phone_that_cannot_be_reached_is_said(gateway: Gateway, token: str, phone: Phone) -> None:
    phone.is_down = True
    answer = _post(gateway, token, "marketing-sms", step="send")
    assert answer.status_code == 503
    assert wording("en").say("code_failed") in answer.text


def test_a_spool_that_is_full_keeps_the_code_for_another_try(
    gateway: Gateway, token: str, phone: Phone
) -> None:
    html = _post(gateway, token, "marketing-sms", step="send").text
    gateway.log.is_full = True
    assert _give(gateway, token, phone.code, "marketing-sms", html=html).status_code == 503
    gateway.log.is_full = False
    assert _give(gateway, token, phone.code, "marketing-sms", html=html).status_code == 200
    assert gateway.event.fact.action is Action.GRANTED


def test_wrong_tokens_get_one_answer_here_too(gateway: Gateway, phone: Phone) -> None:
    answers = [gateway.client.get("/p/k1.AAAA/agree"), gateway.client.get("/p/x/agree")]
    answers += [
        gateway.client.post("/p/x/agree", content="step=send&part=marketing-sms", headers=FORM)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert not phone.texts


def test_refusing_never_needs_a_code(gateway: Gateway, token: str, phone: Phone) -> None:
    gateway.client.post(f"/p/{token}", content="choice=everything", headers=FORM)
    assert gateway.event.fact.purpose is Purpose.ALL
    assert not phone.texts


def test_where_no_code_can_be_sent_there_is_no_such_page(tmp_path: Path) -> None:
    with memory_gateway(tmp_path, pages=Outside(KnownState())) as gateway:
        token = gateway.sealer.mint(NUMBER, Scope("acme"))
        assert "agree" not in gateway.client.get(f"/p/{token}").text
        assert gateway.client.get(f"/p/{token}/agree").status_code == 404
