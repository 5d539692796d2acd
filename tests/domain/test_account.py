"""An account says the same as the decision, fact by fact.

`make test`: 120 histories of up to 10 events; `make test-faults`: 3,000.
"""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from consentlog.domain.decision import ReasonCode, Verdict, decide
from consentlog.domain.effects import Effect
from consentlog.domain.explain import account
from consentlog.domain.facts import Fact
from consentlog.domain.hours import Hours
from consentlog.domain.place import NOWHERE, Place
from consentlog.domain.policy import Policy, PolicyRow, What
from consentlog.domain.scope import Contact
from consentlog.domain.state import OVERFLOWN, fold
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Method, Purpose
from tests.support.histories import DAY_MS, NOON_MS, event_id, facts, granted, held, refused
from tests.support.two_sizes import in_two_sizes

VOICE = Contact("acme", Purpose.MARKETING, Channel.VOICE)
SERVICE = Contact("acme", Purpose.SERVICE, Channel.VOICE)
SHANGHAI = Place("CN", ("Asia/Shanghai",))
AT_MS = NOON_MS + 10 * DAY_MS


def row(name: str, what: What, value: bool | int | Hours) -> PolicyRow:
    return PolicyRow(name, "CN", what, value, 0, None, "made up", "high")


def _the_account_is_the_decision(history: list[Fact], at_ms: int) -> None:
    state = fold(history)
    found = account(state, VOICE, at_ms, Policy())
    assert found.decision == decide(state, VOICE, at_ms, Policy())
    assert len(found.entries) == len(state.facts)
    said = {effect: set[bytes]() for effect in Effect}
    for one in found.entries:
        said[one.effect].add(one.fact.event_id)
    reasons = {code: set[bytes | None]() for code in ReasonCode}
    for reason in found.decision.reasons:
        if reason.detail != HoldKind.CONFLICT:
            reasons[reason.code].add(reason.event_id)
    assert said[Effect.BLOCKS] == reasons[ReasonCode.REFUSED]
    assert said[Effect.RUNS] == reasons[ReasonCode.HELD]
    if found.decision.granted_by is None:
        assert not said[Effect.CARRIES] | said[Effect.TOO_EARLY] | said[Effect.SURPASSED_BY]
    elif said[Effect.CARRIES]:
        assert said[Effect.CARRIES] == {found.decision.granted_by}


test_account, test_account_long = in_two_sizes(
    history=st.lists(facts(ids=8), max_size=10),
    at_ms=st.integers(NOON_MS - 4 * DAY_MS, NOON_MS + 40 * DAY_MS),
)(_the_account_is_the_decision)


NOT_NOW = held(hold_kind=HoldKind.NOT_NOW, until_ms=NOON_MS + 14 * DAY_MS)


@pytest.mark.parametrize(
    ("history", "effect"),
    [
        ((refused(3),), Effect.BLOCKS),
        ((refused(3, brand="life"), granted(1, NOON_MS + 1)), Effect.LIFTED_BY),
        ((refused(3, entity="beta"),), Effect.OUT_OF_SCOPE),
        ((held(),), Effect.RUNS),
        ((held(action=Action.UNKNOWN, entity="beta"),), Effect.RUNS),
        ((held(entity="beta"),), Effect.OUT_OF_SCOPE),
        ((NOT_NOW,), Effect.RUNS),
        ((NOT_NOW, granted(1, NOON_MS + 1)), Effect.LIFTED_BY),
        ((NOT_NOW._replace(until_ms=NOON_MS + DAY_MS),), Effect.EXPIRED),
        ((granted(3),), Effect.CARRIES),
        ((granted(3, channel=Channel.SMS),), Effect.OUT_OF_SCOPE),
        ((granted(3, until_ms=AT_MS),), Effect.EXPIRED),
        ((granted(3, AT_MS + 1),), Effect.NOT_YET),
        ((granted(3), refused(1)), Effect.TOO_EARLY),
        ((granted(3), granted(1, NOON_MS + 1)), Effect.SURPASSED_BY),
        ((granted(3, has_evidence=False),), Effect.NO_EVIDENCE),
        ((granted(3, method=Method.LETTER),), Effect.METHOD_NOT_ALLOWED),
        ((granted(3, method=Method.SPOKEN),), Effect.NOT_APPROVED),
        ((granted(3, entity="*"),), Effect.NO_ENTITY),
        ((granted(3, occurred_at_ms=None),), Effect.NO_TIME),
        ((granted(3, clock_wrong=True),), Effect.CLOCK_WRONG),
        ((granted(3, occurred_at_ms=AT_MS),), Effect.FROM_THE_FUTURE),
    ],
)
def test_effects(history: tuple[Fact, ...], effect: Effect) -> None:
    entries = account(fold(history), VOICE, AT_MS, Policy()).entries
    (of_third,) = [one for one in entries if one.fact.event_id == event_id(3)]
    assert of_third.effect is effect
    assert of_third.by == (event_id(1) if len(history) > 1 else None)


def test_facts_come_in_the_order_of_the_acts() -> None:
    entries = account(fold([refused(1, NOON_MS + 1), granted(2)]), VOICE, AT_MS, Policy()).entries
    assert [one.fact.event_id for one in entries] == [event_id(2), event_id(1)]


def test_nothing_known_and_too_much_known() -> None:
    assert account(None, VOICE, AT_MS, Policy()).entries == ()
    over = account(OVERFLOWN, VOICE, AT_MS, Policy())
    assert (over.entries, over.decision) == ((), decide(OVERFLOWN, VOICE, AT_MS, Policy()))


AGE = row("age", What.GRANT_MAX_AGE, 10)
OLD = granted(2)


@pytest.mark.parametrize(
    ("at_ms", "contact", "more", "rows", "reasons"),
    [
        (AT_MS - 1, VOICE, (), ("age",), []),
        (AT_MS, VOICE, (), ("age", "default"), [ReasonCode.GRANT_TOO_OLD]),
        (AT_MS, SERVICE, (), ("age", "default"), []),
        (AT_MS, SERVICE, (refused(1, NOON_MS - 1, purpose=Purpose.ALL),), ("age",),
         [ReasonCode.GRANT_TOO_OLD]),
    ],
)  # fmt: skip
def test_a_grant_that_is_too_old_denies_only_whoever_needs_it(
    at_ms: int,
    contact: Contact,
    more: tuple[Fact, ...],
    rows: tuple[str, ...],
    reasons: list[ReasonCode],
) -> None:
    state = fold([OLD._replace(purpose=Purpose.ALL), *more])
    found = account(state, contact, at_ms, Policy((AGE,)), SHANGHAI)
    assert found.decision.policy_rows == rows
    assert [one.code for one in found.decision.reasons] == reasons
    assert (Effect.TOO_OLD in {one.effect for one in found.entries}) is bool(reasons)
    for reason in found.decision.reasons:
        assert reason[1:4] == (event_id(2), "age", AT_MS)


def test_calling_hours_deny_beside_everything_else() -> None:
    hours = Policy((row("day", What.CALLING_HOURS, Hours(9 * 60, 12 * 60)),))
    state = fold([granted(2)])
    assert decide(state, VOICE, AT_MS - 1, hours, SHANGHAI).verdict is Verdict.ALLOW
    noon = decide(state, VOICE, AT_MS, hours, SHANGHAI)
    assert [(one.code, one.policy) for one in noon.reasons] == [
        (ReasonCode.OUTSIDE_CALLING_HOURS, "day")
    ]
    assert noon.policy_rows == ("day",)
    nowhere = decide(state, VOICE, AT_MS - 1, hours, NOWHERE)
    assert nowhere.verdict is Verdict.DENY
    over = decide(OVERFLOWN, VOICE, AT_MS, hours, SHANGHAI)
    assert [one.code for one in over.reasons] == [
        ReasonCode.OVERFLOW,
        ReasonCode.OUTSIDE_CALLING_HOURS,
    ]


def test_no_basis_names_its_row_before_the_hours() -> None:
    basis = row("basis", What.BASIS_REQUIRED, value=True)
    hours = row("day", What.CALLING_HOURS, Hours(9 * 60, 21 * 60))
    found = decide(None, SERVICE, AT_MS, Policy((basis, hours)), SHANGHAI)
    assert found.policy_rows == ("basis", "day")
    assert [one.policy for one in found.reasons] == ["basis"]
