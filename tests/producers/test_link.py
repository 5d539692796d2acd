"""One-click refusal links: sealed, shown, acted on."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.facts import key_of
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action, Channel, Method, Purpose, SetBy
from consentlog.wire.evidence import decode_evidence
from producers.links import LinkSealer, LinkTarget
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.histories import NOON_MS

SCOPE = Scope("acme")
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


def _token(gateway: Gateway, scope: Scope = SCOPE) -> str:
    return gateway.sealer.mint(NUMBER, scope)


def _nonce(page: str) -> str:
    found = re.search(r'name="nonce" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def _post(gateway: Gateway, token: str, body: str = ONE_CLICK) -> httpx2.Response:
    return gateway.client.post(f"/p/{token}", content=body, headers=FORM)


def test_get_shows_and_changes_nothing(gateway: Gateway) -> None:
    answer = gateway.client.get(f"/p/{_token(gateway)}", headers={"accept-language": "zh-CN"})
    assert answer.status_code == 200
    assert "Acme 保险" in answer.text
    assert "13800138000" not in answer.text
    assert "8000" in answer.text
    assert gateway.is_untouched


def test_the_button_refuses_once_however_often_it_is_pressed(gateway: Gateway) -> None:
    token = _token(gateway)
    body = f"nonce={_nonce(gateway.client.get(f'/p/{token}').text)}"
    for _ in range(2):
        assert _post(gateway, token, body).status_code == 200
        gateway.clock.at_ms += 1000
    assert len({key_of(event.fact) for event in gateway.events}) == 1
    event = gateway.events[0]
    assert event.subject == NUMBER
    assert event.fact.action is Action.REFUSED
    assert event.fact.scope == SCOPE
    assert (event.fact.method, event.fact.source) == (Method.WEB, "web")
    assert (event.fact.occurred_at_ms, event.fact.occurred_at_set_by) == (NOON_MS, SetBy.GATEWAY)
    assert decode_evidence(event.evidence).user_agent


def test_the_page_rendered_again_is_another_act(gateway: Gateway) -> None:
    token = _token(gateway)
    for _ in range(2):
        _post(gateway, token, f"nonce={_nonce(gateway.client.get(f'/p/{token}').text)}")
    assert len({event.fact.event_id for event in gateway.events}) == 2


@pytest.mark.parametrize(
    "body",
    [
        ONE_CLICK,
        '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--',
        "",
        "nonce=" + "9" * 100,
        "nonce=<script>",
    ],
)
def test_one_click_and_odd_bodies_refuse_too(gateway: Gateway, body: str) -> None:
    answer = _post(gateway, _token(gateway), body)
    assert answer.status_code == 200
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert gateway.event.fact.action is Action.REFUSED


def test_a_link_cannot_grant(gateway: Gateway) -> None:
    _post(gateway, _token(gateway), "nonce=abc&action=granted")
    assert gateway.event.fact.action is Action.REFUSED


def test_every_wrong_token_gets_the_same_answer(gateway: Gateway) -> None:
    good = _token(gateway)
    key_id, _, text = good.partition(".")
    data = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    data[-1] ^= 1
    forged = base64.urlsafe_b64encode(bytes(data)).rstrip(b"=").decode()
    other = LinkSealer("k1", {"k1": b"\x01" * 32}).mint(NUMBER, SCOPE)
    wrong = [
        "x",
        "k1.",
        "k1.AAAA",
        f"k9.{text}",
        f"{key_id}.{forged}",
        other,
        "." * 2000,
        good[:-4],
    ]
    answers = [gateway.client.get(f"/p/{token}") for token in wrong]
    answers += [_post(gateway, token) for token in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert gateway.is_untouched


def test_keys_rotate() -> None:
    old = LinkSealer("k1", {"k1": b"\x01" * 32})
    new = LinkSealer("k2", {"k1": b"\x01" * 32, "k2": b"\x02" * 32})
    ended = LinkSealer("k2", {"k2": b"\x02" * 32})
    token = old.mint(NUMBER, SCOPE)
    assert new.open(token) == LinkTarget(NUMBER, SCOPE)
    assert new.mint(NUMBER, SCOPE).startswith("k2.")
    assert ended.open(token) is None


def test_the_key_id_is_sealed_in() -> None:
    both = LinkSealer("k1", {"k1": b"\x01" * 32, "k2": b"\x01" * 32})
    assert both.open(both.mint(NUMBER, SCOPE).replace("k1.", "k2.")) is None


@given(
    st.sampled_from([None, "acme-life"]),
    st.sampled_from(["marketing", "all"]),
    st.sampled_from(["voice", "sms", "all"]),
)
def test_what_is_sealed_comes_back_and_is_not_visible(
    brand: str | None, purpose: str, channel: str
) -> None:
    sealer = LinkSealer("k1", {"k1": b"\x01" * 32})
    scope = Scope("acme", brand, None, Purpose(purpose), Channel(channel))
    token = sealer.mint(NUMBER, scope)
    assert sealer.open(token) == LinkTarget(NUMBER, scope)
    assert token != sealer.mint(NUMBER, scope)
    assert "138" not in base64.urlsafe_b64decode(token[3:] + "==").decode("latin-1")


def test_a_refusal_that_is_spooled_is_done(gateway: Gateway) -> None:
    gateway.log.is_down = True
    assert _post(gateway, _token(gateway)).status_code == 200
    assert len(gateway.log.spooled) == 1


def test_a_spool_that_is_full_shows_the_button_again(gateway: Gateway) -> None:
    token = _token(gateway)
    nonce = _nonce(gateway.client.get(f"/p/{token}").text)
    gateway.log.is_full = True
    answer = _post(gateway, token, f"nonce={nonce}")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert _nonce(answer.text) == nonce


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_stands_on_its_own_and_can_be_read_by_all(gateway: Gateway, language: str) -> None:
    answer = gateway.client.get(f"/p/{_token(gateway)}?lang={language}")
    tags = _Page(answer.text).tags
    names = [tag for tag, _ in tags]
    assert dict(tags)["html"]["lang"].startswith(language)  # type: ignore[union-attr]  # it has one
    assert dict(tags)["meta"]
    assert {"h1", "main", "title", "button", "form"} <= set(names)
    assert not {"script", "img", "link", "iframe"} & set(names)
    assert "http" not in answer.text
    assert "width=device-width" in answer.text
    assert "focus-visible" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_names_are_escaped(gateway: Gateway) -> None:
    entity = gateway.reference.registry.entities["acme"]
    object.__setattr__(entity, "names", {"en": "<b>Acme & Co</b>"})
    page = gateway.client.get(f"/p/{_token(gateway)}").text
    assert "&lt;b&gt;Acme &amp; Co" in page
