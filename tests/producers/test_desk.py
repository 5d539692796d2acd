"""The desk's form for refusals: one step, and the answer when the gate denied."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from consentlog.domain.facts import key_of
from consentlog.domain.policy import Policy, PolicyRow, What
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Purpose,
    SetBy,
)
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewReason
from producers.channels.pages import Outside
from producers.desk.wording import wording
from tests.support.desk import DeskClient, KnownSpread, errors_of
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.histories import DAY_MS, NOON_MS
from tests.support.pages import Page, nonce_of

TYPED = {"number": "138 0013 8000", "entity": "acme"}
WORDS = wording("en")
SHA = "Ab" * 32


@pytest.fixture
def spread() -> KnownSpread:
    return KnownSpread()


@pytest.fixture
def gateway(tmp_path: Path, spread: KnownSpread) -> Iterator[Gateway]:
    with memory_gateway(tmp_path, pages=Outside(spread=spread)) as found:
        yield found


@pytest.fixture
def desk(gateway: Gateway) -> DeskClient:
    found = DeskClient(gateway)
    found.sign_in()
    return found


def _title(html: str) -> str:
    found = re.search(r"<h1>([^<]*)</h1>", html)
    assert found
    return found[1]


def test_a_number_and_a_company_are_a_refusal(
    desk: DeskClient, gateway: Gateway, spread: KnownSpread
) -> None:
    answer = desk.submit(**TYPED)
    assert answer.status_code == 200
    event, fact = gateway.event, gateway.event.fact
    assert (event.subject, fact.action, fact.scope) == (NUMBER, Action.REFUSED, Scope("acme"))
    assert (fact.basis, fact.method, fact.source) == (Basis.OBJECTION, Method.SPOKEN, "desk")
    assert (fact.actor_id, fact.actor_type, fact.actor_role) == (
        "desk-1",
        ActorType.AGENT,
        "agent",
    )
    assert (fact.occurred_at_ms, fact.occurred_at_set_by) == (NOON_MS, SetBy.GATEWAY)
    assert decode_evidence(event.evidence).raw_number == "138 0013 8000"
    assert re.fullmatch(
        re.escape(WORDS.say("denied_voice")).replace(r"\{ms\}", r"\d+"), _title(answer.text)
    )
    assert fact.event_id.hex() in answer.text
    assert "+86138****8000" in answer.text
    assert "13800138000" not in answer.text.replace(" ", "")
    ((asked, position),) = spread.asked
    assert asked == event
    assert position.partition == gateway.log.records("consent.events.v1")[0].partition


def test_everything_that_is_typed_is_evidence(desk: DeskClient, gateway: Gateway) -> None:
    answer = desk.submit(
        **TYPED,
        basis="withdrawal",
        purpose="all",
        call="call-7",
        script="s3",
        recording="s3:calls/7.wav",
        sha256=SHA,
        words=" 不要再打了 ",
    )
    assert answer.status_code == 200
    fact, evidence = gateway.event.fact, decode_evidence(gateway.event.evidence)
    assert (fact.basis, fact.purpose) == (Basis.WITHDRAWAL, Purpose.ALL)
    assert (evidence.source_ref, evidence.script_version) == ("call-7", "s3")
    assert evidence.recording_uri == "s3:calls/7.wav"
    assert evidence.recording_sha256 == bytes.fromhex(SHA)
    assert evidence.verbatim == "不要再打了"


def test_the_next_form_keeps_what_is_the_same_all_day(desk: DeskClient) -> None:
    page = Page(desk.submit(**TYPED, script="s3", call="call-7", words="no").text)
    inputs = {attrs["name"]: attrs for tag, attrs in page.tags if tag == "input"}
    assert (inputs["script"]["value"], inputs["call"]["value"]) == ("s3", "")
    assert (inputs["number"]["value"], inputs["words"]["value"]) == ("", "")
    assert "autofocus" in inputs["number"]
    assert [attrs["value"] for tag, attrs in page.tags if "selected" in attrs] == ["acme"]


def test_a_form_sent_twice_is_one_act_and_the_next_form_another(
    desk: DeskClient, gateway: Gateway
) -> None:
    nonce = nonce_of(desk.get().text)
    for _ in range(2):
        answer = desk.post(nonce=nonce, **TYPED)
        gateway.clock.at_ms += 1000
    assert len({key_of(event.fact) for event in gateway.events}) == 1
    desk.post(nonce=nonce_of(answer.text), **TYPED)
    assert len({event.fact.event_id for event in gateway.events}) == 2


@pytest.mark.parametrize(
    ("part", "scope"),
    [
        ({"brand": "acme-life"}, Scope("acme", "acme-life")),
        ({"campaign": "acme-claims"}, Scope("acme", None, "acme-claims", Purpose.ALL)),
        ({"channel": "sms"}, Scope("acme", channel=Channel.SMS)),
    ],
)
def test_a_part_needs_the_persons_own_words(
    desk: DeskClient, gateway: Gateway, part: dict[str, str], scope: Scope
) -> None:
    (name,) = part
    bare = desk.submit(**TYPED, **part)
    assert bare.status_code == 422
    assert errors_of(bare.text) == {"words": WORDS.say("missing_words")}
    assert gateway.is_untouched
    assert re.search(r"<details open><summary>Only a part", bare.text)
    assert f'value="{part[name]}" selected' in bare.text
    assert desk.submit(**TYPED, **part, words="only that one").status_code == 200
    assert gateway.event.fact.scope == scope
    assert decode_evidence(gateway.event.evidence).verbatim == "only that one"


def test_a_refusal_of_texts_is_seen_denied_for_texts(desk: DeskClient) -> None:
    answer = desk.submit(**TYPED, channel="sms", words="no more texts")
    assert "the gate denied the text after" in _title(answer.text)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"number": ""}, {"number": "missing_number"}),
        ({"entity": ""}, {"entity": "missing_entity"}),
        ({"entity": "gamma"}, {"entity": "not_a_choice"}),
        ({"brand": "nobody", "words": "x"}, {"brand": "not_a_choice"}),
        ({"brand": "acme-life", "entity": "beta", "words": "x"}, {"brand": "not_of_entity"}),
        (
            {"campaign": "acme-claims", "entity": "beta", "words": "x"},
            {"campaign": "not_of_entity"},
        ),
        ({"campaign": "acme-life-spring", "words": "x"}, {"campaign": "not_a_choice"}),
        ({"channel": "fax", "words": "x"}, {"channel": "not_a_choice"}),
        ({"basis": "whim"}, {"basis": "not_a_choice"}),
        ({"purpose": "service"}, {"purpose": "not_a_choice"}),
        ({"sha256": "12"}, {"sha256": "wrong_sha256"}),
        ({"act": "not_now", "until": ""}, {"until": "missing_until"}),
        ({"act": "not_now", "until": "tomorrow"}, {"until": "wrong_until"}),
        ({"act": "not_now", "until": "2025-11-22"}, {"until": "wrong_until"}),
        ({"act": "not_now", "until": "2025-12-23"}, {"until": "wrong_until"}),
        ({"act": "not_now", "until": "2025-02-30"}, {"until": "wrong_until"}),
        (
            {"number": "", "entity": "", "sha256": "x"},
            {"number": "missing_number", "entity": "missing_entity", "sha256": "wrong_sha256"},
        ),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_recorded(
    desk: DeskClient, gateway: Gateway, typed: dict[str, str], wrong: dict[str, str]
) -> None:
    answer = desk.submit(**{**TYPED, "call": "<call>", **typed})
    assert answer.status_code == 422
    days = {"days": "30"}
    assert errors_of(answer.text) == {name: WORDS.say(key, **days) for name, key in wrong.items()}
    assert gateway.is_untouched
    assert 'value="&lt;call&gt;"' in answer.text
    (focused,) = [attrs["name"] for _, attrs in Page(answer.text).tags if "autofocus" in attrs]
    assert focused == next(iter(wrong))


@pytest.mark.parametrize(
    ("name", "most"),
    [("number", 256), ("call", 128), ("script", 512), ("words", 8192), ("recording", 2048)],
)
def test_what_is_too_long_is_told(desk: DeskClient, gateway: Gateway, name: str, most: int) -> None:
    answer = desk.submit(**{**TYPED, name: "9" * (most + 1)})
    assert answer.status_code == 422
    assert errors_of(answer.text) == {name: WORDS.say("too_long", most=str(most))}
    assert gateway.is_untouched
    if name != "number":
        assert desk.submit(**{**TYPED, name: "9" * most}).status_code == 200


@pytest.mark.parametrize("number", ["12345", "138****8000", "13800138000,13800138001", "x\0y"])
def test_a_number_that_cannot_be_read_opens_one_case(
    desk: DeskClient, gateway: Gateway, number: str
) -> None:
    for _ in range(2):
        answer = desk.submit(number=number, entity="acme")
        assert answer.status_code == 422
    assert not gateway.events
    (case,) = {one.review_id.hex(): one for one in gateway.reviews}.values()
    assert case.reason is ReviewReason.NUMBER_NOT_VALID
    assert json.loads(case.payload)["actor"]["id"] == "desk-1"
    assert errors_of(answer.text) == {"number": WORDS.say("wrong_number", id=case.review_id.hex())}


def test_not_now_is_a_hold_that_ends_and_is_counted_by_clerk(
    desk: DeskClient, gateway: Gateway
) -> None:
    def counted() -> float:
        found = REGISTRY.get_sample_value("consentlog_desk_not_now_total", {"key": "desk-1"})
        return found or 0.0

    before = counted()
    answer = desk.submit(**TYPED, act="not_now", until="2025-12-06")
    assert answer.status_code == 200
    fact = gateway.event.fact
    assert (fact.action, fact.hold_kind, fact.scope) == (
        Action.HELD,
        HoldKind.NOT_NOW,
        Scope("acme"),
    )
    # Midnight in Shanghai.
    assert fact.until_ms == NOON_MS - 12 * 3_600_000 + 14 * DAY_MS
    assert counted() == before + 1
    assert "On hold: the gate denied the call after" in _title(answer.text)
    assert WORDS.html("held_text", date="2025-12-06") in answer.text


@pytest.mark.parametrize("act", ["", "refuse", "NOT_NOW", "not_now "])
def test_any_other_button_is_the_refusal(desk: DeskClient, gateway: Gateway, act: str) -> None:
    assert desk.submit(**TYPED, act=act, until="2025-12-06").status_code == 200
    assert gateway.event.fact.action is Action.REFUSED


def test_not_now_is_bounded_by_policy(tmp_path: Path) -> None:
    row = PolicyRow("week", "CN", What.NOT_NOW_MAX, 7, 0, None, "test", "primary")
    with memory_gateway(tmp_path, policy=Policy((row,))) as gateway:
        desk = DeskClient(gateway)
        desk.sign_in()
        (until,) = [a for t, a in Page(desk.get().text).tags if a.get("name") == "until"]
        assert (until["min"], until["value"], until["max"]) == (
            "2025-11-23",
            "2025-11-29",
            "2025-11-29",
        )
        answer = desk.submit(**TYPED, act="not_now", until="2025-12-01")
        assert errors_of(answer.text) == {"until": WORDS.say("wrong_until", days="7")}
        assert desk.submit(**TYPED, act="not_now", until="2025-11-29").status_code == 200


@pytest.mark.parametrize("length", [65, 503, 504, 5000])
def test_an_end_of_not_now_that_is_too_long_is_told_by_field(
    desk: DeskClient, gateway: Gateway, length: int
) -> None:
    answer = desk.submit(**TYPED, act="not_now", until="9" * length)
    assert answer.status_code == 422
    assert errors_of(answer.text) == {"until": WORDS.say("too_long", most="64")}
    assert gateway.is_untouched


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_gate_that_does_not_deny_in_time_is_told(
    gateway: Gateway, spread: KnownSpread, language: str
) -> None:
    spread.denies = False
    desk = DeskClient(gateway, language)
    desk.sign_in()
    answer = desk.submit(**TYPED)
    words = wording("zh" if language == "zh" else "en")
    assert answer.status_code == 200
    assert _title(answer.text) == words.say("denied_unseen")
    assert words.html("unseen_text") in answer.text
    assert gateway.event.fact.event_id.hex() in answer.text


def test_without_a_gate_a_refusal_is_recorded_all_the_same(tmp_path: Path) -> None:
    with memory_gateway(tmp_path) as gateway:
        desk = DeskClient(gateway)
        desk.sign_in()
        answer = desk.submit(**TYPED)
        assert (answer.status_code, _title(answer.text)) == (200, WORDS.say("denied_unseen"))
        assert gateway.event.fact.action is Action.REFUSED


def test_a_refusal_that_is_spooled_has_not_spread(
    desk: DeskClient, gateway: Gateway, spread: KnownSpread
) -> None:
    gateway.log.is_down = True
    answer = desk.submit(**TYPED)
    assert (answer.status_code, _title(answer.text)) == (200, WORDS.say("denied_unseen"))
    assert len(gateway.log.spooled) == 1
    assert not spread.asked


def test_a_spool_that_is_full_gives_the_form_back(desk: DeskClient, gateway: Gateway) -> None:
    nonce = nonce_of(desk.get().text)
    gateway.log.is_full = True
    answer = desk.post(nonce=nonce, **TYPED, call="call-7")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert WORDS.html("not_durable") in answer.text
    assert 'value="138 0013 8000"' in answer.text
    assert nonce_of(answer.text) == nonce
    gateway.log.is_full = False
    assert desk.post(nonce=nonce, **TYPED, call="call-7").status_code == 200
    assert gateway.event.subject == NUMBER


def test_a_source_of_one_company_has_it_chosen(desk: DeskClient, gateway: Gateway) -> None:
    source = gateway.reference.registry.sources["desk"]
    object.__setattr__(source, "entities", frozenset({"beta"}))
    page = Page(desk.get().text)
    assert [attrs["value"] for tag, attrs in page.tags if "selected" in attrs] == ["beta"]
    assert not [attrs for tag, attrs in page.tags if str(attrs.get("value")).startswith("acme")]
    assert errors_of(desk.submit(**TYPED).text) == {"entity": WORDS.say("not_a_choice")}


def test_names_are_escaped(desk: DeskClient, gateway: Gateway) -> None:
    entity = gateway.reference.registry.entities["acme"]
    object.__setattr__(entity, "names", {"en": "<b>Acme & Co</b>"})
    assert "&lt;b&gt;Acme &amp; Co" in desk.get().text
    assert "<b>Acme" not in desk.submit(**TYPED).text


def test_odd_bodies_record_nothing(desk: DeskClient, gateway: Gateway) -> None:
    for body in (b"", b"\xff\xfe", b"&".join(b"a%d=1" % n for n in range(200)), b'{"number": 1}'):
        answer = gateway.client.post(
            "/desk",
            content=body,
            headers={"cookie": f"consentlog_desk={desk.cookies['consentlog_desk']}"},
        )
        assert answer.status_code == 422
    assert gateway.is_untouched


def test_the_words_are_the_same_in_both_languages() -> None:
    zh, en = wording("zh").texts, wording("en").texts
    assert zh.keys() == en.keys()
    for key, text in zh.items():
        places = [sorted(re.findall(r"\{\w+\}", one)) for one in (text, en[key])]
        assert places[0] == places[1], key
