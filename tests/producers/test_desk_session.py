"""Who may sit at the desk: keys, sessions, and forms that come from elsewhere."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from consentlog.domain.registry import ApiKey, Period
from consentlog.domain.scope import Scope
from producers.app import build_gateway
from producers.channels.desk import SIGN_INS
from producers.desk.ended import FILE, EndedSessions
from producers.desk.session import COOKIE, LASTS_S
from producers.desk.wording import wording
from producers.links import LinkSealer
from producers.seal import Sealer
from tests.support.asgi import client_of
from tests.support.desk import FROM_HERE, DeskClient
from tests.support.gateway import NUMBER, FixedClock, Gateway, memory_gateway
from tests.support.histories import NOON_MS
from tests.support.pages import Page, nonce_of

WORDS = wording("en")
SHEETS = ("/desk", "/desk/consent", "/desk/correct")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


@pytest.fixture
def desk(gateway: Gateway) -> DeskClient:
    return DeskClient(gateway)


def _change_key(gateway: Gateway, key: ApiKey) -> None:
    """Put another row into the registry, as a restart with a new file would."""
    keys = gateway.reference.registry.keys
    assert isinstance(keys, dict)
    keys[key.id] = key


@pytest.mark.parametrize("path", [*SHEETS, "/desk/sign-in"])
def test_without_a_session_one_signs_in_first(desk: DeskClient, path: str) -> None:
    answer = desk.get(path)
    assert answer.status_code == 200
    assert WORDS.say("sign_in") in answer.text
    assert 'name="number"' not in answer.text


def test_a_key_opens_a_session_that_leads_to_the_form(desk: DeskClient) -> None:
    answer = desk.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?lang=en")
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/desk", f"Max-Age={LASTS_S}"):
        assert part in cookie
    assert 'name="number"' in desk.get().text


@pytest.mark.parametrize(
    ("at", "only_https", "is_secure"),
    [
        ("https://gateway", True, True),
        ("https://gateway", False, True),
        ("https://127.0.0.1:18443", True, True),
        # A proxy that ends https, and is not one that is trusted.
        ("http://gateway", True, True),
        ("http://127.0.0.1.elsewhere.example", True, True),
        # …and one that calls us by a name of its own.
        ("http://127.0.0.1:8080 https://desk.example", True, True),
        ("http://127.0.0.1:8080 https://desk.example", False, True),
        ("http://gateway", False, False),
        ("http://127.0.0.1:18080", True, False),
        ("http://localhost:18080", True, False),
        ("http://[::1]:18080", True, False),
    ],
)
def test_the_cookie_never_leaves_without_https_save_to_this_machine(
    tmp_path: Path, at: str, only_https: bool, is_secure: bool
) -> None:
    with memory_gateway(tmp_path, only_https=only_https) as gateway:
        data = {"key": gateway.keys["desk"]}
        address, _, origin = at.partition(" ")
        headers = dict(FROM_HERE) | ({"origin": origin} if origin else {})
        answer = gateway.client.post(f"{address}/desk/sign-in", data=data, headers=headers)
    assert ("Secure" in answer.headers["set-cookie"]) is is_secure


def test_a_browser_that_would_keep_no_session_is_told(desk: DeskClient, gateway: Gateway) -> None:
    desk.headers = {"origin": "http://gateway"}
    answer = desk.sign_in()
    assert answer.status_code == 403
    assert WORDS.html("plain_http") in answer.text
    assert not desk.cookies
    desk.headers = {"origin": "https://gateway"}
    assert desk.sign_in().status_code == 303


def test_an_odd_host_is_no_fault_of_ours(gateway: Gateway) -> None:
    for host in ("[", "[::1", "a b", "", "\x7f", "127.0.0.1:x"):
        headers = {"host": host}
        data = {"key": gateway.keys["desk"]}
        answer = gateway.client.post("/desk/sign-in", data=data, headers=headers)
        assert "Secure" in answer.headers["set-cookie"], host


def test_every_wrong_key_gets_the_same_answer(
    desk: DeskClient, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ended = replace(gateway.reference.registry.keys["care-1"], period=Period(to_ms=NOON_MS))
    _change_key(gateway, ended)
    # A key that holds and may not use the desk, one that is over, and some that never were.
    wrong = [gateway.keys["dialer"], gateway.keys["care"], "x", "", "cl_%00", "密钥" * 500]
    answers = [desk.post("/desk/sign-in", key=key) for key in wrong]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1
    assert not desk.cookies
    said = caplog.text + "".join(answer.text for answer in answers)
    assert not [key for key in wrong if len(key) > 3 and key in said]


def test_wrong_tries_are_limited_by_address(desk: DeskClient) -> None:
    answers = (desk.post("/desk/sign-in", key="x") for _ in range(1000))
    # The rate goes on while the test runs, so how many tries pass depends on the machine.
    found = list(itertools.takewhile(lambda answer: answer.status_code == 403, answers))
    assert SIGN_INS.burst_acts <= len(found) < 1000
    late = desk.post("/desk/sign-in", key="y")
    assert late.status_code == 429
    assert not desk.cookies
    assert int(late.headers["retry-after"]) >= 1
    assert WORDS.say("many_tries") in late.text
    # Whoever tries wrong keys keeps nobody out who sits behind the same address.
    assert desk.sign_in().status_code == 303


def test_tries_with_one_key_are_limited_too_and_only_with_that_one(desk: DeskClient) -> None:
    answers = (desk.sign_in() for _ in range(1000))
    found = list(itertools.takewhile(lambda answer: answer.status_code == 303, answers))
    assert SIGN_INS.burst_acts <= len(found) < 1000
    desk.cookies.clear()
    assert desk.sign_in().status_code == 429
    assert not desk.cookies
    assert desk.sign_in("care").status_code == 303


def test_a_session_ends_with_the_shift(desk: DeskClient, gateway: Gateway) -> None:
    desk.sign_in()
    gateway.clock.at_ms += LASTS_S * 1000 - 1
    assert 'name="number"' in desk.get().text
    gateway.clock.at_ms += 1
    assert WORDS.say("sign_in") in desk.get().text


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda key: replace(key, period=Period(to_ms=NOON_MS)), id="ended"),
        pytest.param(lambda key: replace(key, sha256="ab" * 32), id="another secret"),
        pytest.param(lambda key: replace(key, scopes=key.scopes - {"desk:use"}), id="no desk"),
    ],
)
def test_a_session_ends_with_its_key(
    desk: DeskClient, gateway: Gateway, change: Callable[[ApiKey], ApiKey]
) -> None:
    desk.sign_in()
    _change_key(gateway, change(gateway.reference.registry.keys["desk-1"]))
    assert WORDS.say("sign_in") in desk.get().text
    assert desk.post(number=NUMBER, entity="acme").status_code == 403
    assert gateway.is_untouched


def test_forged_sessions_are_none(desk: DeskClient, gateway: Gateway) -> None:
    desk.sign_in()
    good = desk.cookies[COOKIE]
    key_id, _, text = good.partition(".")
    secrets = gateway.reference.secrets
    key = gateway.reference.registry.keys["desk-1"]
    plain = json.dumps(["00" * 16, key.id, key.sha256, NOON_MS * 2]).encode()
    forged = [
        "x",
        f"{key_id}.",
        f"k9.{text}",
        good[:-4],
        f"{key_id}.{text[:-6]}AAAAAA",
        Sealer("consentlog-desk-2", "k1", {"k1": b"\x01" * 32}).seal(plain),
        # Sealed by the right key, for another use: a link, and anything else.
        Sealer("consentlog-link-1", secrets.link_active, secrets.link_keys).seal(plain),
        LinkSealer(secrets.link_active, secrets.link_keys).mint(NUMBER, Scope("acme")),
    ]
    for token in forged:
        desk.cookies[COOKIE] = token
        assert WORDS.say("sign_in") in desk.get().text, token
    desk.cookies[COOKIE] = good
    assert 'name="number"' in desk.get().text


def test_a_session_is_no_link_and_shows_nothing(desk: DeskClient, gateway: Gateway) -> None:
    desk.sign_in()
    assert gateway.sealer.open(desk.cookies[COOKIE]) is None
    assert "desk-1" not in desk.cookies[COOKIE]


def test_sealing_keys_rotate(tmp_path: Path) -> None:
    with memory_gateway(tmp_path) as gateway:
        desk = DeskClient(gateway)
        desk.sign_in()
        old, cookie = gateway.reference.secrets.link_keys["k1"], desk.cookies
    for keys, is_open in (({"k1": old, "k2": b"\x02" * 32}, True), ({"k2": b"\x02" * 32}, False)):
        sealer = Sealer("consentlog-desk-2", "k2", keys)
        assert (sealer.open(cookie[COOKIE]) is not None) is is_open
        assert sealer.seal(b"x").startswith("k2.")


def test_signing_out_takes_the_session(desk: DeskClient) -> None:
    desk.sign_in()
    answer = desk.post("/desk/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?lang=en")
    assert not desk.cookies
    assert WORDS.say("sign_in") in desk.get().text


def test_a_cookie_that_was_copied_ends_with_its_session(desk: DeskClient, gateway: Gateway) -> None:
    desk.sign_in()
    copied, other = dict(desk.cookies), DeskClient(gateway)
    other.sign_in()
    desk.post("/desk/sign-out")
    desk.cookies = copied
    assert WORDS.say("sign_in") in desk.get().text
    assert desk.post(number=NUMBER, entity="acme").status_code == 403
    assert gateway.is_untouched
    # It is one session that ended: the clerk's other one, on another machine, goes on.
    assert 'name="number"' in other.get().text


def test_a_session_that_was_ended_is_over_after_a_restart_too(tmp_path: Path) -> None:
    file = tmp_path / FILE
    with memory_gateway(tmp_path / "1", ended=EndedSessions(FixedClock(), file)) as gateway:
        ended, kept = DeskClient(gateway), DeskClient(gateway)
        for one in (ended, kept):
            one.sign_in()
        cookies = dict(ended.cookies)
        ended.post("/desk/sign-out")
        reference, log, clock = gateway.reference, gateway.log, FixedClock()
    again = EndedSessions(clock, file)
    again.start()
    with client_of(build_gateway(reference, log, clock, ended=again)) as client:
        gateway.client = client
        ended.cookies = cookies
        assert WORDS.say("sign_in") in ended.get().text
        assert 'name="number"' in kept.get().text
    assert file.stat().st_mode & 0o077 == 0


def test_ends_are_kept_as_long_as_sessions_last_and_so_many(tmp_path: Path) -> None:
    clock = FixedClock()
    ended = EndedSessions(clock, tmp_path / FILE, most=3)

    async def end(*names: str) -> None:
        for at, name in enumerate(names, 1):
            await ended.end(name, clock.at_ms + 1000 * at)

    anyio.run(end, "a", "b", "c", "d")
    assert [one for one in "abcd" if ended.has(one)] == ["b", "c", "d"]
    clock.at_ms += 3000
    anyio.run(end, "e")
    again = EndedSessions(clock, tmp_path / FILE)
    again.start()
    for store in (ended, again):
        assert [one for one in "abcde" if store.has(one)] == ["d", "e"]


@pytest.mark.parametrize("damage", [b"no database at all, but long enough for one", None])
def test_a_file_that_cannot_be_used_keeps_nobody_from_leaving(
    tmp_path: Path, damage: bytes | None
) -> None:
    file = tmp_path / "sessions"
    file.mkdir() if damage is None else file.write_bytes(damage)
    with capture_logs() as lines, memory_gateway(tmp_path) as gateway:
        ended = EndedSessions(gateway.clock, file)
        ended.start()
        with client_of(
            build_gateway(gateway.reference, gateway.log, gateway.clock, ended=ended)
        ) as client:
            gateway.client = client
            desk = DeskClient(gateway)
            desk.sign_in()
            copied = dict(desk.cookies)
            assert desk.post("/desk/sign-out").status_code == 303
            desk.cookies = copied
            assert WORDS.say("sign_in") in desk.get().text
    events = [line["event"] for line in lines if line["log_level"] == "error"]
    assert events == ["ended_sessions_not_read", "ended_session_not_kept"]


@pytest.mark.parametrize("path", [*SHEETS, "/desk/sign-in", "/desk/sign-out"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://gateway"},
        {"origin": "http://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://gateway.elsewhere.example"},
    ],
)
def test_a_form_from_another_place_does_nothing(
    desk: DeskClient, gateway: Gateway, path: str, headers: dict[str, str]
) -> None:
    desk.sign_in("care")
    desk.headers = headers
    answer = desk.post(path, number=NUMBER, entity="acme", key=gateway.keys["desk"])
    assert answer.status_code == 403
    assert WORDS.say("foreign") in answer.text
    assert "set-cookie" not in answer.headers
    assert gateway.is_untouched


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "http://gateway"}],
)
def test_a_form_from_here_is_taken(
    desk: DeskClient, gateway: Gateway, headers: dict[str, str]
) -> None:
    desk.sign_in()
    desk.headers = headers
    assert desk.post(number=NUMBER, entity="acme").status_code == 200
    assert gateway.event.subject == NUMBER


def test_what_was_typed_survives_the_end_of_a_session(desk: DeskClient, gateway: Gateway) -> None:
    desk.sign_in()
    nonce = nonce_of(desk.get().text)
    gateway.clock.at_ms += LASTS_S * 1000
    typed = {"number": '138 0013 "8000', "entity": "beta", "words": "别再打了"}
    over = desk.post(nonce=nonce, **typed)
    assert over.status_code == 403
    assert WORDS.say("session_over") in over.text
    assert gateway.is_untouched
    page = Page(over.text)
    kept = {
        str(attrs["name"]): str(attrs["value"])
        for tag, attrs in page.tags
        if tag == "input" and attrs.get("type") == "hidden"
    }
    assert kept == {"to": "record", "nonce": nonce, **typed}
    wrong = desk.post("/desk/sign-in", key="x", **kept)
    assert 'value="138 0013 &quot;8000"' in wrong.text
    back = desk.sign_in(**kept)
    assert back.status_code == 200
    assert 'value="138 0013 &quot;8000"' in back.text
    assert nonce_of(back.text) == nonce
    assert '<option value="beta" selected>' in back.text
    assert "别再打了" in back.text
    assert COOKIE in desk.cookies


def test_the_pages_stand_on_their_own(desk: DeskClient) -> None:
    desk.sign_in("care")
    for path in SHEETS:
        answer = desk.get(path)
        names = {tag for tag, _ in Page(answer.text).tags}
        assert not {"script", "img", "link", "iframe"} & names
        assert "http" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert '<meta name="referrer" content="same-origin">' in answer.text
