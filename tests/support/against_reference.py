"""The real domain and the reference, asked the same; the first difference is told in full."""

from __future__ import annotations

from collections.abc import Sequence

from consentlog.domain.decision import Decision, Verdict, decide
from consentlog.domain.derive import derive
from consentlog.domain.facts import Fact
from consentlog.domain.policy import Policy
from consentlog.domain.scope import Contact
from consentlog.domain.state import SubjectState, fold
from consentlog.domain.vocabulary import Purpose
from tests.support.reference_rules import Answer, Reading, Why, answer, needs_review, read
from tests.support.small_world import Question

POLICY = Policy()
"""No rows: a basis is required for marketing, none for service."""


def reasons_of(decision: Decision) -> frozenset[Why]:
    """Return the reasons of the real domain as the reference writes them."""
    return frozenset((one.code.value, one.event_id or one.policy) for one in decision.reasons)


def is_to_be_reviewed(state: SubjectState) -> bool:
    """Return the real domain's review flag."""
    return state.overflow or derive(state.facts).review


def ask(reading: Reading, contact: Contact, at_ms: int) -> Answer:
    """Ask the reference, under the policy of no rows."""
    basis_required = contact.purpose is Purpose.MARKETING
    return answer(reading, contact, at_ms, basis_required=basis_required)


def differences(state: SubjectState, reading: Reading, questions: Sequence[Question]) -> list[str]:
    """Ask both about each contact.

    Returns:
        One line for each question to which the answers differ.
    """
    found = []
    for contact, at_ms in questions:
        decision = decide(state, contact, at_ms, POLICY)
        ours = ask(reading, contact, at_ms)
        same = (decision.verdict is Verdict.ALLOW) == ours.allowed
        same = same and reasons_of(decision) == ours.reasons
        if same and ours.allowed and (decision.granted_by or ours.carried_by):
            same = decision.granted_by in ours.carried_by
        if not same:
            found.append(f"{contact} at {at_ms}\n  real {decision}\n  reference {ours}")
    if is_to_be_reviewed(state) != needs_review(reading):
        found.append(f"review: reference says {needs_review(reading)}")
    return found


def check(events: Sequence[Fact], questions: Sequence[Question]) -> int:
    """Fold and read the same events and compare all answers.

    Returns:
        How many decisions were compared.

    Raises:
        AssertionError: If one differs; with the history and both answers.
    """
    found = differences(fold(events), read(events), questions)
    assert not found, "\n".join([*map(str, events), *found])
    return len(questions)
