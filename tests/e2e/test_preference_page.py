"""The preference page on the real stack: what the real gate says, before and after a press."""

from __future__ import annotations

import itertools
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from consentlog.domain.scope import Scope
from consentlog.local.stack import LocalStack
from consentlog.reference.secrets import load_secrets
from producers.code_outbox import read_outbox
from producers.links import LinkSealer
from producers.preference.wording import wording
from tests.support.pages import FORM, Page, nonce_of

pytestmark = pytest.mark.integration

WORDS = wording("en")
_fresh = itertools.count(1)


@pytest.fixture
def gateway(stack: LocalStack) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=stack.url("gateway"), timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def number() -> str:
    """A number that no other test uses."""
    return f"+86136{int(time.time()) % 10_000:04}{next(_fresh):04}"


@pytest.fixture
def path(stack: LocalStack, number: str) -> str:
    secrets = load_secrets(stack.layout.secrets)
    sealer = LinkSealer(secrets.link_active, secrets.link_keys)
    return f"/p/{sealer.mint(number, Scope('acme'))}"


def _marketing(html: str) -> list[str]:
    """What the two lines of marketing say."""
    return re.findall(r'<span class="([a-z-]+)">', html)[:2]


def _shown_in_time(gateway: httpx2.Client, path: str) -> str:
    """The page once the gate knows; a gate that has just started may not yet."""
    deadline = time.monotonic() + 60
    while True:
        html = gateway.get(f"{path}?lang=en").text
        if WORDS.say("not_known") not in html or time.monotonic() > deadline:
            return html
        time.sleep(0.5)


def _follow_back(gateway: httpx2.Client, path: str, answer: httpx2.Response) -> str:
    """Follow the answer's link to the page; it waits for what was just written."""
    assert answer.status_code == 200
    back = Page(answer.text).links()[0].removeprefix("../")
    return gateway.get(f"{path.rpartition('/')[0]}/{back}").text


def test_the_page_shows_what_the_gate_says_and_the_press_that_was_just_made(
    stack: LocalStack, gateway: httpx2.Client, path: str, number: str
) -> None:
    html = _shown_in_time(gateway, path)
    assert _marketing(html) == ["no-consent", "no-consent"]
    # A person agrees to texts, with the code that the local stack would have sent.
    agree = f"{path}/agree?lang=en"
    chosen = "step=send&part=marketing-sms"
    sent = gateway.post(agree, content=chosen, headers=FORM)
    assert sent.status_code == 200
    outbox: Path = stack.layout.codes
    assert stat.S_IMODE(outbox.stat().st_mode) == 0o600
    (message,) = [one for one in read_outbox(outbox) if one.number == number]
    code = re.search(r"\d{6}", message.text)
    assert code
    body = f"step=give&part=marketing-sms&nonce={nonce_of(sent.text)}&code={code[0]}"
    html = _follow_back(gateway, path, gateway.post(agree, content=body, headers=FORM))
    assert _marketing(html) == ["no-consent", "open"]
    # And takes it back in one step, without any code.
    body = f"nonce={nonce_of(html)}&choice=marketing"
    html = _follow_back(gateway, path, gateway.post(path, content=body, headers=FORM))
    assert _marketing(html) == ["refused", "refused"]


def test_no_code_and_no_number_is_in_the_logs(
    stack: LocalStack, gateway: httpx2.Client, path: str, number: str
) -> None:
    gateway.post(f"{path}/agree", content="step=send&part=marketing-voice", headers=FORM)
    (message,) = [one for one in read_outbox(stack.layout.codes) if one.number == number]
    code = re.search(r"\d{6}", message.text)
    assert code
    for log in stack.layout.logs.iterdir():
        text = log.read_text("utf-8", "replace")
        assert number[1:] not in text, log.name
        # Six digits can stand in a time; a code in a log would stand beside its words.
        assert message.text not in text, log.name
        assert f'"{code[0]}"' not in text, log.name
