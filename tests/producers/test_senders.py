"""What senders put into their messages."""

from __future__ import annotations

import pytest

from consentlog.domain.scope import Scope
from consentlog.http.problems import RequestRefused
from consentlog.reference.words import load_words
from consentlog.words import Verdict, judge
from producers.links import LinkSealer, LinkTarget
from producers.senders import RefusalLinks, sms_text
from tests.support.gateway import NUMBER

SEALER = LinkSealer("k1", {"k1": b"\x01" * 32})
SCOPE = Scope("acme")


def test_a_link_opens_to_the_person_and_does_not_show_the_number() -> None:
    link = RefusalLinks("https://optout.example/", SEALER).link(NUMBER, SCOPE)
    base, _, token = link.rpartition("/")
    assert base == "https://optout.example/p"
    assert SEALER.open(token) == LinkTarget(NUMBER, SCOPE)
    assert "13800138000" not in link


def test_mail_headers_are_those_of_one_click() -> None:
    headers = RefusalLinks("https://optout.example", SEALER).mail_headers(NUMBER, SCOPE)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<https://optout.example/p/k1.")
    assert headers["List-Unsubscribe"].endswith(">")
    assert all("\n" not in value for value in headers.values())


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"])
def test_this_machine_needs_no_tls(url: str) -> None:
    assert RefusalLinks(url, SEALER).link(NUMBER, SCOPE).startswith(f"{url}/p/")


@pytest.mark.parametrize(
    "url",
    ["http://optout.example", "optout.example", "ftp://x", "https://", "", "https://x?a=b"],
)
def test_an_address_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(RequestRefused, match="CL-1604"):
        RefusalLinks(url, SEALER)


@pytest.mark.parametrize(
    ("text", "region", "link", "meant"),
    [
        ("【Acme】活动", "CN", None, "【Acme】活动，拒收请回复R"),
        ("【Acme】活动，拒收请回复R", "CN", None, "【Acme】活动，拒收请回复R"),
        (
            "【Acme】活动",
            "CN",
            "https://o.example/p/x",
            "【Acme】活动 https://o.example/p/x 拒收请回复R",
        ),
        ("Acme: sale.", "US", None, "Acme: sale. Reply STOP to opt out"),
        ("Acme: sale.", "GB", None, "Acme: sale. Reply STOP to opt out"),
    ],
)
def test_a_text_says_how_to_refuse_once(
    text: str, region: str, link: str | None, meant: str
) -> None:
    assert sms_text(text, region, link) == meant


@pytest.mark.parametrize("word", ["R", "STOP"])
def test_the_words_that_are_promised_refuse(word: str) -> None:
    assert judge(word, load_words()).verdict is Verdict.REFUSE
