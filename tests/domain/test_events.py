"""What makes an event foldable, ids, subjects, and the registry's answers."""

from __future__ import annotations

import pytest

from consentlog.domain.decision import ReasonCode
from consentlog.domain.events import defect_of
from consentlog.domain.facts import Fact, are_names
from consentlog.domain.ids import event_id, id_of_bytes
from consentlog.domain.registry import Brand, Campaign, Entity, Period, Registry
from consentlog.domain.scope import Scope
from consentlog.domain.subject import is_subject, subject_of_key
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Precision, Purpose
from tests.support.histories import NOON_MS, NUMBER, granted, held, refused, released


@pytest.mark.parametrize("sound", [refused(), granted(), held(), released(1)])
def test_sound_events(sound: Fact) -> None:
    assert defect_of(NUMBER, sound) is None


@pytest.mark.parametrize(
    ("fact", "word"),
    [
        (refused(action=Action.UNKNOWN), "action"),
        (refused(entity=""), "entity"),
        (refused(entity="x" * 33), "32 bytes"),
        (refused(source="电话"), "ASCII"),
        (refused(actor_id="a\x1fb"), "printable"),
        (refused(purpose=Purpose.UNKNOWN), "purpose"),
        (refused(channel=Channel.UNKNOWN), "channel"),
        (refused(precision=Precision.UNKNOWN), "precision"),
        (held(hold_kind=HoldKind.UNKNOWN), "kind"),
        (released(1)._replace(target=None), "names no target"),
        (released(1, action=Action.CORRECTED)._replace(target=None), "names no target"),
        (released(1, action=Action.APPROVED)._replace(target=None), "names no target"),
        (refused(zone="Z" * 65), "zone"),
        (refused(accepted_at_ms=2**63 - 1), "calendar"),
        (refused(occurred_at_ms=-(2**68)), "calendar"),
        (granted(until_ms=2**60), "calendar"),
        (refused(margin_ms=-1), "margin"),
        (refused(margin_ms=2**40), "margin"),
    ],
)
def test_defective_events(fact: Fact, word: str) -> None:
    assert word in (defect_of(NUMBER, fact) or "")


def test_a_defect_never_quotes_the_number() -> None:
    assert defect_of("8613800138000", refused()) == "the subject is not an E.164 number"


@pytest.mark.parametrize("text", ["+8613800138000", "+16502530000", "+442079460000"])
def test_subjects(text: str) -> None:
    assert is_subject(text)
    assert subject_of_key(text.encode()) == text


@pytest.mark.parametrize(
    "key",
    [
        None,
        b"",
        b"8613800138000",
        b"+0138",
        b"@progress/3",
        b"\xff",
        "+８６138".encode(),
        b"+" + b"1" * 16,
    ],
)
def test_keys_that_are_no_subject(key: bytes | None) -> None:
    assert subject_of_key(key) is None


def test_ids_tell_acts_apart_and_repeats_together() -> None:
    scope = Scope("acme")
    first = event_id(b"k", "desk", "call-1", NUMBER, Action.REFUSED, scope, "n1")
    assert first == event_id(b"k", "desk", "call-1", NUMBER, Action.REFUSED, scope, "n1")
    others = {
        event_id(b"other", "desk", "call-1", NUMBER, Action.REFUSED, scope, "n1"),
        event_id(b"k", "desk", "call-1n", NUMBER, Action.REFUSED, scope, "1"),
        event_id(b"k", "desk", "call-1", NUMBER, Action.GRANTED, scope, "n1"),
        event_id(b"k", "desk", "call-1", NUMBER, Action.REFUSED, Scope("acme", "a"), "n1"),
        event_id(b"k", "desk", "call-1", NUMBER, Action.REFUSED, scope, "n2"),
    }
    assert len(others | {first}) == 6
    assert len(first) == 16


def test_ids_of_bytes_keep_missing_and_empty_apart() -> None:
    pairs = [(None, b""), (b"", None), (b"a", b"b"), (b"ab", b""), (b"", b"ab")]
    assert len({id_of_bytes(*pair) for pair in pairs}) == len(pairs)


REGISTRY = Registry(
    entities={
        "acme": Entity("acme"),
        "old": Entity("old", successor="acme"),
        "older": Entity("older", successor="old"),
        "gone": Entity("gone", period=Period(None, NOON_MS)),
    },
    brands={"life": Brand("life", "acme")},
    campaigns={
        "spring": Campaign("spring", "acme", Purpose.MARKETING, "life"),
        "claims": Campaign("claims", "acme", Purpose.SERVICE),
    },
)


def test_purpose_and_brand_come_from_the_campaign() -> None:
    claims = REGISTRY.resolve("acme", None, "claims", Channel.VOICE, NOON_MS).contact
    spring = REGISTRY.resolve("acme", None, "spring", Channel.VOICE, NOON_MS).contact
    plain = REGISTRY.resolve("acme", None, None, Channel.VOICE, NOON_MS).contact
    assert claims is not None
    assert spring is not None
    assert plain is not None
    assert (claims.purpose, spring.purpose, plain.purpose) == (
        Purpose.SERVICE,
        Purpose.MARKETING,
        Purpose.MARKETING,
    )
    assert spring.brand == "life"
    assert plain.predecessors == {"old", "older"}


@pytest.mark.parametrize(
    ("entity", "brand", "campaign", "codes"),
    [
        ("nobody", None, None, [ReasonCode.UNKNOWN_ENTITY]),
        ("gone", None, None, [ReasonCode.UNKNOWN_ENTITY]),
        ("acme", "auto", "winter", [ReasonCode.UNKNOWN_BRAND, ReasonCode.UNKNOWN_CAMPAIGN]),
        ("old", "life", None, [ReasonCode.UNKNOWN_BRAND]),
    ],
)
def test_unknown_names_are_all_given(
    entity: str, brand: str | None, campaign: str | None, codes: list[ReasonCode]
) -> None:
    found = REGISTRY.resolve(entity, brand, campaign, Channel.SMS, NOON_MS)
    assert found.contact is None
    assert [reason.code for reason in found.reasons] == codes
    assert not REGISTRY.knows(Scope(entity, brand, campaign), NOON_MS)


def test_more_names_than_are_remembered_are_judged_all_the_same() -> None:
    assert all(are_names(f"agent-{n}") for n in range(5000))
    assert are_names("agent-0")
    assert not are_names("agent-0 is far too long to be a name")
