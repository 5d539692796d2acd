"""Two replicas of one subject, fed in any way, against the reference of the rules.

A run adds acts of every kind to either replica, repeats and varies them, unites the replicas and
lets time pass; after each step three states (each replica's and their union) are asked about every
contact, and the reference is asked the same of the bare lists of events.

`make test`: 80 runs of up to 25 steps, 3 states x 6 contacts after each: some 36,000 decisions.
`make test-faults`: 400 runs of up to 40 steps: some 290,000.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from consentlog.domain.decision import Decision, Verdict, decide
from consentlog.domain.facts import Fact
from consentlog.domain.state import EMPTY, SubjectState, evolve, fold, unite
from consentlog.domain.vocabulary import (
    Action,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from tests.support.against_reference import POLICY, differences
from tests.support.histories import DAY_MS, NOON_MS, granted, held, refused, released
from tests.support.reference_rules import overlaps, read
from tests.support.small_world import HOUR_MS, QUESTIONS, Question, approved, corrected, ended

CONTACTS: Final = tuple(dict.fromkeys(question.contact for question in QUESTIONS))

SIDES = st.sampled_from([0, 1])
SCOPES = st.fixed_dictionaries(
    {
        "entity": st.sampled_from(["acme", "acme", "acme", "beta", "newco"]),
        "brand": st.sampled_from([None, "life", "car"]),
        "campaign": st.sampled_from([None, None, "spring"]),
        "purpose": st.sampled_from([Purpose.MARKETING, Purpose.SERVICE, Purpose.ALL]),
        "channel": st.sampled_from([Channel.VOICE, Channel.SMS, Channel.ALL]),
    }
)
CLOCKS = st.fixed_dictionaries(
    {
        "acted_ago_ms": st.sampled_from(
            [None, 0, 0, 1, 5_000, HOUR_MS, DAY_MS, 5 * DAY_MS, -4_000, -HOUR_MS]
        ),
        "margin_ms": st.sampled_from([0, 5_000, 300_000]),
        "precision": st.sampled_from([Precision.INSTANT, Precision.MINUTE, Precision.DAY]),
        "zone": st.sampled_from(["Asia/Shanghai", "America/New_York"]),
        "occurred_at_set_by": st.sampled_from([SetBy.SOURCE, SetBy.SOURCE, SetBy.GATEWAY]),
        "clock_wrong": st.sampled_from([False, False, False, True]),
    }
)
METHODS = st.sampled_from([one for one in Method if one is not Method.UNKNOWN])
LASTS_MS = st.sampled_from([None, None, HOUR_MS, 3 * DAY_MS, 14 * DAY_MS, 60 * DAY_MS])
ACTORS = st.sampled_from(["agent-7", "staff-1", "officer-2", ""])
ROLES = st.sampled_from(["compliance", "compliance", "", "supervisor"])


class TwoReplicas(RuleBasedStateMachine):
    """One subject's events, arriving at two replicas of its state."""

    facts: Bundle[Fact] = Bundle("facts")

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = NOON_MS
        self.events: tuple[list[Fact], list[Fact]] = ([], [])
        self.states: list[SubjectState] = [EMPTY, EMPTY]
        self.count = 0

    def take(self, side: int, fact: Fact) -> Fact:
        self.events[side].append(fact)
        self.states[side] = evolve(self.states[side], fact)
        return fact

    def new(self, make: Any, clock: dict[str, Any], *args: Any, **fields: Any) -> Fact:
        self.count += 1
        acted_ago_ms = clock["acted_ago_ms"]
        stated = {key: value for key, value in clock.items() if key != "acted_ago_ms"}
        stated["occurred_at_ms"] = None if acted_ago_ms is None else self.now_ms - acted_ago_ms
        fact = make(*args, n=self.count, at_ms=self.now_ms, **fields)
        return fact._replace(**stated)  # type: ignore[no-any-return]  # the builders return facts

    def decisions(self) -> list[Decision]:
        everything = unite(*self.states)
        states = (*self.states, everything)
        return [decide(one, who, self.now_ms, POLICY) for one in states for who in CONTACTS]

    def take_what_only_tightens(self, side: int, fact: Fact) -> Fact:
        before = self.decisions()
        self.take(side, fact)
        for was, now in zip(before, self.decisions(), strict=True):
            assert was.verdict is Verdict.ALLOW or now.verdict is Verdict.DENY
        return fact

    @rule(target=facts, side=SIDES, scope=SCOPES, clock=CLOCKS, method=METHODS)
    def refuse(self, side: int, scope: Any, clock: Any, method: Method) -> Fact:
        fact = self.new(refused, clock, method=method, **scope)
        before = self.decisions()
        self.take_what_only_tightens(side, fact)
        untouched = [not overlaps(fact, who) for who in CONTACTS] * 3
        for same, was, now in zip(untouched, before, self.decisions(), strict=True):
            assert not same or was == now
        return fact

    @rule(
        target=facts,
        side=SIDES,
        scope=SCOPES,
        clock=CLOCKS,
        method=st.sampled_from([Method.WEB, Method.APP, Method.KEYWORD, Method.SPOKEN]) | METHODS,
        has_evidence=st.sampled_from([True, True, True, False]),
        lasts_ms=LASTS_MS,
    )
    def grant(self, side: int, scope: Any, clock: Any, lasts_ms: int | None, **fields: Any) -> Fact:
        until_ms = None if lasts_ms is None else self.now_ms + lasts_ms
        fact = self.new(granted, clock, until_ms=until_ms, **fields, **scope)
        if fact.method is Method.IMPORT:
            return self.take_what_only_tightens(side, fact)
        return self.take(side, fact)

    @rule(
        target=facts,
        side=SIDES,
        scope=SCOPES,
        clock=CLOCKS,
        hold_kind=st.sampled_from([HoldKind.NOT_NOW, HoldKind.NOT_NOW, HoldKind.DISPUTE]),
        lasts_ms=LASTS_MS,
    )
    def hold(
        self, side: int, scope: Any, clock: Any, hold_kind: HoldKind, lasts_ms: int | None
    ) -> Fact:
        until_ms = None if lasts_ms is None else self.now_ms + lasts_ms
        fact = self.new(held, clock, hold_kind=hold_kind, until_ms=until_ms, **scope)
        return self.take_what_only_tightens(side, fact)

    @rule(target=facts, side=SIDES, scope=SCOPES, clock=CLOCKS, method=METHODS)
    def end_consent(self, side: int, scope: Any, clock: Any, method: Method) -> Fact:
        fact = self.new(ended, clock, method=method, **scope)
        return self.take_what_only_tightens(side, fact)

    @rule(target=facts, side=SIDES, named=facts, clock=CLOCKS, role=ROLES)
    def release(self, side: int, named: Fact, clock: Any, role: str) -> Fact:
        fact = self.new(released, clock, 0, actor_role=role)
        return self.take(side, fact._replace(target=named.event_id))

    @rule(target=facts, side=SIDES, named=facts, clock=CLOCKS, actor=ACTORS)
    def correct(self, side: int, named: Fact, clock: Any, actor: str) -> Fact:
        fact = self.new(corrected, clock, target=0, actor_id=actor)
        return self.take(side, fact._replace(target=named.event_id))

    @rule(target=facts, side=SIDES, named=facts, clock=CLOCKS, actor=ACTORS, role=ROLES)
    def approve(self, side: int, named: Fact, clock: Any, actor: str, role: str) -> Fact:
        fact = self.new(approved, clock, target=0, actor_id=actor, actor_role=role)
        return self.take(side, fact._replace(target=named.event_id))

    @rule(
        target=facts,
        side=SIDES,
        named=facts,
        clock=CLOCKS,
        action=st.sampled_from([Action.HOLD_RELEASED, Action.CORRECTED, Action.APPROVED]),
    )
    def import_row(self, side: int, named: Fact, clock: Any, action: Action) -> Fact:
        fact = self.new(
            approved, clock, target=0, action=action, method=Method.IMPORT, actor_id="clerk-3"
        )
        return self.take_what_only_tightens(side, fact._replace(target=named.event_id))

    @rule(side=SIDES, fact=facts, later_ms=st.sampled_from([-HOUR_MS, 0, 1, DAY_MS]))
    def repeat(self, side: int, fact: Fact, later_ms: int) -> None:
        self.take(side, fact._replace(accepted_at_ms=fact.accepted_at_ms + later_ms))

    @rule(
        target=facts,
        side=SIDES,
        fact=facts,
        action=st.sampled_from([Action.REFUSED, Action.HELD, Action.GRANTED]),
        again=st.booleans(),
    )
    def vary(self, side: int, fact: Fact, action: Action, again: bool) -> Fact:
        kind = HoldKind.DISPUTE if action is Action.HELD else HoldKind.UNKNOWN
        varied: dict[str, Any] = {} if again else {"action": action, "hold_kind": kind}
        return self.take(side, fact._replace(source="another", **varied))

    @rule(side=SIDES)
    def replay(self, side: int) -> None:
        backwards = fold(reversed(self.events[side]))
        assert backwards == self.states[side] == fold(self.events[side], self.states[side])

    @rule(side=SIDES)
    def merge(self, side: int) -> None:
        self.events[side].extend(self.events[1 - side])
        self.states[side] = unite(self.states[side], self.states[1 - side])

    @rule(ms=st.sampled_from([1, 5_000, HOUR_MS, DAY_MS, 4 * DAY_MS, 30 * DAY_MS]))
    def wait(self, ms: int) -> None:
        self.now_ms += ms

    @invariant()
    def decides_as_the_rules_say(self) -> None:
        questions = [Question(who, self.now_ms) for who in CONTACTS]
        left, right = self.events
        assert unite(*self.states) == unite(*reversed(self.states)) == fold([*left, *right])
        for state, events in (
            (self.states[0], left),
            (self.states[1], right),
            (unite(*self.states), [*left, *right]),
        ):
            assert differences(state, read(events), questions) == []


def run(runs: int, steps: int) -> None:
    run_state_machine_as_test(
        TwoReplicas,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_two_replicas_decide_as_the_rules_say() -> None:
    run(80, 25)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_two_replicas_decide_as_the_rules_say_for_long() -> None:
    run(400, 40)
