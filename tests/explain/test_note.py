"""Notes word for word in both languages, and a word for everything that can stand in one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.decision import ReasonCode, Verdict
from consentlog.domain.effects import Effect
from consentlog.domain.explain import account
from consentlog.domain.facts import Fact
from consentlog.domain.hours import ZONE_NOT_KNOWN, Hours
from consentlog.domain.place import Place
from consentlog.domain.policy import Policy, PolicyRow, What
from consentlog.domain.scope import Contact
from consentlog.domain.state import OVERFLOWN, SubjectState, fold
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
)
from consentlog.errors import Language
from consentlog.explain.note import note
from consentlog.explain.part import Sight, explanation, fact_fields, reason_fields
from consentlog.explain.sentences import say_fact, say_instant
from consentlog.explain.why import why_denied
from consentlog.explain.wording import knows
from consentlog.numbers.normalise import QuarantineReason
from consentlog.observability.masking import mask
from tests.support.histories import DAY_MS, NOON_MS, NUMBER, facts, granted, held, refused, released

GOLDEN = Path(__file__).with_name("golden")
LANGUAGES: tuple[Language, ...] = get_args(Language)
HOME = Place("CN", ("Asia/Shanghai",))
ZONE = "Asia/Shanghai"
POLICY = Policy(
    (
        PolicyRow(
            "cn-consent", "CN", What.BASIS_REQUIRED, True, 0, None, "Civil Code 1033(1)", "primary"
        ),
        PolicyRow(
            "cn-hours", "CN", What.CALLING_HOURS, Hours(540, 1260), 0, None, "2013", "secondary"
        ),
        PolicyRow("own-age", "*", What.GRANT_MAX_AGE, 30, 0, None, "own choice", "deployment"),
    )
)
STAFF: dict[str, Any] = {
    "actor_type": ActorType.STAFF,
    "actor_id": "lee",
    "actor_role": "compliance",
}
SPOKEN = granted(3, NOON_MS + 2 * DAY_MS, method=Method.SPOKEN, zone=ZONE)
START = granted(
    2,
    NOON_MS + DAY_MS,
    channel=Channel.SMS,
    method=Method.KEYWORD,
    source="sms",
    actor_id="",
    actor_type=ActorType.PERSON,
)
REFUSED = refused(1, precision=Precision.MINUTE, zone=ZONE, margin_ms=300_000)
HISTORIES: dict[str, Sequence[Fact]] = {
    "refused": (
        REFUSED,
        START,
        SPOKEN,
        held(4, NOON_MS + DAY_MS, hold_kind=HoldKind.NOT_NOW, until_ms=NOON_MS + 40 * DAY_MS),
        refused(5, entity="beta"),
    ),
    "lifted": (
        REFUSED,
        SPOKEN,
        released(3, 6, NOON_MS + 2 * DAY_MS)._replace(action=Action.APPROVED, **STAFF),
    ),
    "corrected": (
        refused(1, precision=Precision.DAY, basis=Basis.DO_NOT_CALL_LIST, method=Method.IMPORT),
        released(1, 7, NOON_MS + DAY_MS)._replace(action=Action.CORRECTED, actor_role=""),
        granted(2, NOON_MS - DAY_MS, has_evidence=False),
        granted(8, NOON_MS - DAY_MS, until_ms=NOON_MS),
    ),
    "conflict": (refused(1, occurred_at_ms=None), granted(1), held(3), released(3, **STAFF)),
    "nothing": (),
}


def asked(
    state: SubjectState,
    *,
    channel: Channel = Channel.VOICE,
    at_ms: int = NOON_MS + 3 * DAY_MS,
    policy: Policy = POLICY,
    sight: Sight | None = None,
    predecessors: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    contact = Contact("acme", Purpose.MARKETING, channel, predecessors=predecessors)
    decision, entries = account(state, contact, at_ms, policy, HOME)
    part = explanation(entries, decision, contact, at_ms, policy, HOME, sight)
    granted_by = decision.granted_by
    return {
        "verdict": decision.verdict.value,
        "reasons": [reason_fields(reason) for reason in decision.reasons],
        "explanation": part,
    } | ({} if granted_by is None else {"granted_by": granted_by.hex()})


ANSWERS = {name: asked(fold(history)) for name, history in HISTORIES.items()} | {
    "overflow": asked(OVERFLOWN),
    "night": asked(fold([granted(2, NOON_MS - 60 * DAY_MS)]), at_ms=NOON_MS + DAY_MS * 3 // 8),
    "sms": asked(fold(HISTORIES["refused"]), channel=Channel.SMS, at_ms=NOON_MS + 31 * DAY_MS),
}


def lines_of(answer: dict[str, Any], lang: Language) -> str:
    lines = note(mask(NUMBER), answer, lang)
    if answer["verdict"] == "deny":
        facts = answer["explanation"]["facts"]
        lines.append(why_denied(answer["reasons"], facts, ZONE, lang))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ANSWERS)
def test_a_note_reads_word_for_word(name: str, lang: Language) -> None:
    assert lines_of(ANSWERS[name], lang) == (GOLDEN / f"{name}.{lang}.txt").read_text("utf-8")


def test_the_notes_are_about_both_answers() -> None:
    assert {answer["verdict"] for answer in ANSWERS.values()} == {"allow", "deny"}
    assert len(list(GOLDEN.iterdir())) == len(ANSWERS) * len(LANGUAGES)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("effect", Effect),
        ("reason", ReasonCode),
        ("verdict", Verdict),
        ("action", Action),
        ("basis", set(Basis) - {Basis.UNKNOWN}),
        ("kind", set(HoldKind) - {HoldKind.UNKNOWN}),
        ("method", set(Method) - {Method.UNKNOWN}),
        ("actor", ActorType),
        ("scope", set(Purpose) - {Purpose.ALL}),
        ("scope", set(Channel) - {Channel.ALL}),
        ("detail", {ZONE_NOT_KNOWN, *QuarantineReason}),
    ],
)
def test_everything_has_a_word(group: str, words: Sequence[str]) -> None:
    assert [one for one in words if not knows(group, str(one))] == []


@given(st.lists(facts(), max_size=8), st.sampled_from([Channel.VOICE, Channel.SMS]))
def test_every_history_can_be_told_and_no_number_stands_in_it(
    history: list[Fact], channel: Channel
) -> None:
    noted = [one._replace(actor_id="13800138000") for one in history]
    answer = asked(fold(noted), channel=channel)
    for lang in LANGUAGES:
        text = lines_of(answer, lang)
        assert "{" not in text
        assert NUMBER[3:] not in text
        assert all(fact["event_id"] in text for fact in _told(answer))


def _told(answer: dict[str, Any]) -> list[dict[str, Any]]:
    told = {Effect.OUT_OF_SCOPE.value}
    return [
        fact
        for fact in answer["explanation"]["facts"]
        if fact["action"] == "granted" or fact["effect"] not in told
    ]


OTHERS = Sight(frozenset({"acme"}), {"desk": frozenset({"acme"}), "loan": frozenset({"beta"})})


def seen(*history: Fact, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(fold(history), sight=OTHERS, **options)["explanation"][
        "facts"
    ]
    return found


def test_a_reader_sees_nothing_of_another_entity() -> None:
    assert seen(refused(1, entity="beta"), granted(2, entity="beta")) == []
    assert [fact["event_id"] for fact in seen(refused(1), refused(2, entity="beta"))] == [
        refused(1).event_id.hex()
    ]


def test_what_binds_is_told_without_whose_it_was() -> None:
    (fact,) = seen(refused(1, entity="old", brand="gold"), predecessors=frozenset({"old"}))
    assert (fact["effect"], fact["action"]) == ("blocks", "refused")
    assert not {"scope", "source", "method", "actor"} & set(fact)
    assert "old" not in say_fact(fact, "UTC", "en").split()
    (hold,) = seen(held(1, entity="*", source="loan", actor_id="beta-7"))
    assert (hold["effect"], hold["kind"]) == ("runs", "dispute")
    assert not {"scope", "source", "method", "actor"} & set(hold)
    assert "actor" in seen(held(1, entity="*"))[0]
    assert "actor" in seen(held(1, entity="*", source="fold"))[0]


def test_a_conflict_of_anothers_is_told_without_whose_it_was() -> None:
    found = seen(granted(1, entity="beta"), held(1, entity="beta"))
    assert {fact["effect"] for fact in found} >= {"in_conflict"}
    assert all("scope" not in fact for fact in found)


def test_one_line_says_the_persons_own_word_first() -> None:
    reasons = [{"code": "no_basis", "policy": "x"}, {"code": "held", "detail": "dispute"}]
    assert why_denied(reasons, [], "UTC", "en") == (
        "Do not contact: contact is on hold (dispute); further reasons: 1."
    )
    assert why_denied([{"code": "brand_new"}], [], "UTC", "zh") == "不可联系：brand_new。"
    later = fact_fields(refused(1, occurred_at_ms=None))
    said = why_denied([{"code": "refused", "event_id": later["event_id"]}], [later], "UTC", "en")
    assert said.startswith("Do not contact: the person refused (at a time not stated, spoken, ")


def test_an_instant_that_no_calendar_or_zone_has_is_told_all_the_same() -> None:
    assert say_instant("9999-12-31T23:59:59.000Z", "Asia/Shanghai").endswith("23:59:59 UTC")
    assert say_instant("2025-01-01T00:00:00.000Z", "No/Such").endswith("00:00:00 UTC")
    assert say_instant("2025-01-01T00:00:00.000Z", None).endswith("00:00:00 UTC")
