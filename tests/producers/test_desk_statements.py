"""Consents, corrections and customer service at the desk: who may, and what waits for another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action, ActorType, Channel, Method, SetBy
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewReason
from producers.channels.pages import Outside
from producers.desk.wording import wording
from producers.limits import LimitSettings
from tests.support.desk import DeskClient, KnownSpread, errors_of
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.histories import NOON_MS

WORDS = wording("en")
GRANT = {
    "number": NUMBER,
    "entity": "acme",
    "channel": "voice",
    "words": "好的，可以打给我",
    "text_version": "call-consent-2",
    "recording": "s3:calls/8.wav",
    "sha256": "cd" * 32,
}
TARGET = "AB" * 16
WRONGLY = {"number": NUMBER, "entity": "acme", "target": TARGET, "reason": "a digit was misheard"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path, pages=Outside(spread=KnownSpread())) as found:
        yield found


def _desk(gateway: Gateway, source: str, language: str = "en") -> DeskClient:
    found = DeskClient(gateway, language)
    found.sign_in(source)
    return found


@pytest.mark.parametrize(
    ("source", "tabs"),
    [
        ("desk", ["record", "consent"]),
        ("care", ["record", "consent", "correct"]),
        ("compliance", ["record"]),
    ],
)
def test_a_tab_that_a_key_may_not_use_is_not_there(
    gateway: Gateway, source: str, tabs: list[str]
) -> None:
    desk = _desk(gateway, source)
    html = desk.get().text
    paths = {"record": "/desk", "consent": "/desk/consent", "correct": "/desk/correct"}
    for name, path in paths.items():
        assert (f'<a href="{path}?lang=en"' in html) is (name in tabs), name
        shown, sent = desk.get(path), desk.post(path, **(GRANT | WRONGLY))
        assert (shown.status_code == 403) is (name not in tabs), name
        assert (sent.status_code == 403) is (name not in tabs), name
        assert (WORDS.say("may_not") in shown.text) is (name not in tabs), name


def test_customer_service_records_as_its_own_clerk(gateway: Gateway) -> None:
    answer = _desk(gateway, "care").submit(number=NUMBER, entity="beta", call="ticket-9")
    assert answer.status_code == 200
    fact = gateway.event.fact
    assert (fact.action, fact.source, fact.method) == (Action.REFUSED, "care", Method.SPOKEN)
    assert (fact.actor_id, fact.actor_type, fact.actor_role) == (
        "care-1",
        ActorType.STAFF,
        "staff",
    )
    assert decode_evidence(gateway.event.evidence).source_ref == "ticket-9"


def test_two_clerks_of_one_source_are_two_people(gateway: Gateway) -> None:
    registry = gateway.reference.registry
    first = registry.keys["desk-1"]
    assert isinstance(registry.keys, dict)
    secret = "cl_another"
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    registry.keys["desk-2"] = replace(first, id="desk-2", sha256=sha256)
    _desk(gateway, "desk").submit(number=NUMBER, entity="acme")
    other = DeskClient(gateway)
    other.sign_in(key=secret)
    other.submit(number=NUMBER, entity="acme")
    assert [event.fact.actor_id for event in gateway.events] == ["desk-1", "desk-2"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_spoken_consent_waits_for_a_second_person(gateway: Gateway, language: str) -> None:
    words = wording("zh" if language == "zh" else "en")
    answer = _desk(gateway, "desk", language).submit("/desk/consent", **GRANT, call="call-8")
    assert answer.status_code == 200
    fact, evidence = gateway.event.fact, decode_evidence(gateway.event.evidence)
    assert (fact.action, fact.method) == (Action.GRANTED, Method.SPOKEN)
    assert fact.scope == Scope("acme", channel=Channel.VOICE)
    assert (fact.occurred_at_ms, fact.occurred_at_set_by) == (NOON_MS, SetBy.GATEWAY)
    assert (fact.actor_id, fact.has_evidence) == ("desk-1", True)
    assert evidence.verbatim == GRANT["words"]
    assert evidence.consent_text_version == GRANT["text_version"]
    assert evidence.recording_sha256 == bytes.fromhex(GRANT["sha256"])
    (case,) = gateway.reviews
    assert case.reason is ReviewReason.NEEDS_APPROVAL
    assert f"<h1>{words.say('waiting')}</h1>" in answer.text
    assert words.html("waiting_consent") in answer.text
    assert case.review_id.hex() in answer.text
    assert 'value="call-consent-2"' in answer.text


@pytest.mark.parametrize("name", [name for name in GRANT if name != "call"])
def test_a_consent_that_lacks_something_is_none(gateway: Gateway, name: str) -> None:
    answer = _desk(gateway, "desk").submit("/desk/consent", **{**GRANT, name: ""})
    assert answer.status_code == 422
    assert errors_of(answer.text) == {name: WORDS.say(f"missing_{name}")}
    assert gateway.is_untouched


def test_what_was_said_comes_back_with_an_error(gateway: Gateway) -> None:
    answer = _desk(gateway, "desk").submit(
        "/desk/consent", **{**GRANT, "sha256": "x", "words": "<b>yes</b>"}
    )
    assert errors_of(answer.text) == {"sha256": WORDS.say("wrong_sha256")}
    assert "&lt;b&gt;yes&lt;/b&gt;</textarea>" in answer.text


def test_a_correction_waits_for_a_second_person(gateway: Gateway) -> None:
    answer = _desk(gateway, "care").submit("/desk/correct", **WRONGLY, call="ticket-3")
    assert answer.status_code == 200
    fact = gateway.event.fact
    assert (fact.action, fact.target) == (Action.CORRECTED, bytes.fromhex(TARGET))
    assert (fact.actor_id, fact.actor_type) == ("care-1", ActorType.STAFF)
    assert decode_evidence(gateway.event.evidence).verbatim == WRONGLY["reason"]
    (case,) = gateway.reviews
    assert case.reason is ReviewReason.NEEDS_APPROVAL
    assert f"<h1>{WORDS.say('waiting')}</h1>" in answer.text
    assert case.review_id.hex() in answer.text


@pytest.mark.parametrize("name", WRONGLY)
def test_a_correction_that_lacks_something_is_none(gateway: Gateway, name: str) -> None:
    answer = _desk(gateway, "care").submit("/desk/correct", **{**WRONGLY, name: ""})
    assert errors_of(answer.text) == {name: WORDS.say(f"missing_{name}")}
    assert gateway.is_untouched


def test_an_event_id_that_is_none_is_told(gateway: Gateway) -> None:
    answer = _desk(gateway, "care").submit("/desk/correct", **{**WRONGLY, "target": "12"})
    assert errors_of(answer.text) == {"target": WORDS.say("wrong_target")}


def test_consents_that_come_too_fast_come_later_and_refusals_do_not(tmp_path: Path) -> None:
    limits = LimitSettings(acts_per_second=1, burst_acts=1)
    with memory_gateway(tmp_path, limits=limits) as gateway:
        desk = _desk(gateway, "desk")
        desk.submit("/desk/consent", **GRANT)
        late = desk.submit("/desk/consent", **GRANT)
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) >= 1
        assert WORDS.html("too_fast") in late.text
        assert f'value="{NUMBER}"' in late.text
        assert desk.submit(number=NUMBER, entity="acme").status_code == 200
        assert [event.fact.action for event in gateway.events] == [Action.GRANTED, Action.REFUSED]
