"""What can end a block, read off the bare events: nothing but what the rules name.

`make test`: 120 histories a property, of up to 10 events; `make test-faults`: 3,000.
"""

from __future__ import annotations

from hypothesis import strategies as st

from consentlog.domain.clocks import barrier_of
from consentlog.domain.decision import Verdict, decide
from consentlog.domain.facts import Fact
from consentlog.domain.policy import Policy
from consentlog.domain.scope import Contact, contains, overlaps
from consentlog.domain.state import fold
from consentlog.domain.vocabulary import Action, Channel, Method, Purpose
from tests.support.histories import DAY_MS, NOON_MS, event_id, facts
from tests.support.two_sizes import in_two_sizes

LATER_MS = NOON_MS + 40 * DAY_MS
histories = st.lists(facts(ids=8), max_size=10)
contacts = st.builds(
    Contact,
    st.sampled_from(["acme", "beta"]),
    st.sampled_from([Purpose.MARKETING, Purpose.SERVICE]),
    st.sampled_from([Channel.VOICE, Channel.SMS]),
    st.sampled_from([None, "life"]),
    st.sampled_from([None, "spring"]),
)


def verdict(history: list[Fact], contact: Contact) -> Verdict:
    return decide(fold(history), contact, LATER_MS, Policy()).verdict


def _a_refusal_stops_only_by_a_later_grant_or_an_approved_correction(
    history: list[Fact], contact: Contact
) -> None:
    if verdict(history, contact) is Verdict.DENY:
        return
    kept = list(fold(history).facts.values())
    for refusal in kept:
        if refusal.action is Action.REFUSED and overlaps(refusal, contact):
            assert _is_struck_out(refusal, kept) or any(
                _may_lift(grant, refusal, contact, kept) for grant in kept
            )


def _may_lift(grant: Fact, refusal: Fact, contact: Contact, kept: list[Fact]) -> bool:
    return (
        grant.action is Action.GRANTED
        and grant.has_evidence
        and grant.method in (Method.KEYWORD, Method.WEB, Method.APP, Method.FORM, Method.SPOKEN)
        and (grant.method is not Method.SPOKEN or _is_approved(grant, kept))
        and grant.occurred_at_ms is not None
        and contains(grant, contact)
        and min(grant.occurred_at_ms, grant.accepted_at_ms) > barrier_of(refusal)
    )


def _is_approved(named: Fact, kept: list[Fact]) -> bool:
    return any(
        fact.action is Action.APPROVED
        and fact.target == named.event_id
        and fact.actor_role == "compliance"
        and fact.actor_id not in ("", named.actor_id)
        and fact.method is not Method.IMPORT
        for fact in kept
    )


def _is_struck_out(refusal: Fact, kept: list[Fact]) -> bool:
    return any(
        fact.action is Action.CORRECTED
        and fact.target == refusal.event_id
        and fact.method is not Method.IMPORT
        and _is_approved(fact, kept)
        for fact in kept
    )


test_what_lifts, test_what_lifts_long = in_two_sizes(history=histories, contact=contacts)(
    _a_refusal_stops_only_by_a_later_grant_or_an_approved_correction
)


def _more_never_opens(history: list[Fact], more: Fact, contact: Contact) -> None:
    before, after = verdict(history, contact), verdict([*history, more], contact)
    assert before is Verdict.ALLOW or after is Verdict.DENY


blocks = facts().map(
    lambda fact: fact._replace(
        event_id=event_id(99),
        action=Action.REFUSED if fact.action is Action.GRANTED else Action.HELD,
    )
)
test_refusals_and_holds, test_refusals_and_holds_long = in_two_sizes(
    history=histories, more=blocks, contact=contacts
)(_more_never_opens)

imports = facts().map(lambda fact: fact._replace(event_id=event_id(99), method=Method.IMPORT))
test_imports, test_imports_long = in_two_sizes(history=histories, more=imports, contact=contacts)(
    _more_never_opens
)


void_grants = st.one_of(
    facts().map(lambda fact: fact._replace(has_evidence=False)),
    facts().map(lambda fact: fact._replace(occurred_at_ms=None)),
    facts().map(lambda fact: fact._replace(occurred_at_ms=fact.accepted_at_ms + 300_001)),
    facts().map(lambda fact: fact._replace(clock_wrong=True)),
).map(lambda fact: fact._replace(event_id=event_id(99), action=Action.GRANTED))
test_void_grants, test_void_grants_long = in_two_sizes(
    history=histories, more=void_grants, contact=contacts
)(_more_never_opens)
