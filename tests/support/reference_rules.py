"""When a number may be contacted, read sentence by sentence off the rules of refusal 1 to 6 and 8.

The reference that the real domain is held against: slow and obviously right, from a list of events
in any order and with any repetition. `tests.support.reference_rules_facts` says what the events
amount to; this file decides. It must stay as plain as the text: what it gains in speed or wit it
loses in worth.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from consentlog.domain.facts import Fact
from consentlog.domain.scope import Contact
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Method, Purpose
from tests.support.reference_rules_facts import (
    Facts,
    acted_ms,
    barrier_ms,
    counts,
    has_variants,
    has_wrong_clock,
    is_conflict,
    is_corrected,
    is_overflown,
    is_released,
    is_valid_grant,
    kept,
)

NOT_NOW_MOST_MS = 30 * 86_400_000
DEFAULT_ROW = "default"

Why: TypeAlias = tuple[str, bytes | str | None]
"""(reason code, event id or policy row)."""


class Answer(NamedTuple):
    """The verdict, every reason, and which grants could be named behind an allow."""

    allowed: bool
    reasons: frozenset[Why]
    carried_by: frozenset[bytes]


class Reading(NamedTuple):
    """What a list of events amounts to before anybody asks about a contact."""

    facts: Facts
    overflow: bool
    refusals: Facts
    holds: Facts
    conflicts: frozenset[bytes]
    grants: Facts
    ends: Facts


def read(events: Iterable[Fact]) -> Reading:
    """Sort the facts that count by what they do.

    Section 3: "the map is replaced by the flag alone"; "Derived, over facts that are not
    effectively corrected".
    """
    facts = kept(events)
    if is_overflown(facts):
        return Reading([], True, [], [], frozenset(), [], [])
    refusals = [
        fact for fact in facts if fact.action is Action.REFUSED and not is_corrected(facts, fact)
    ]
    holds = [
        fact
        for fact in facts
        if fact.action is Action.HELD and not is_released(facts, fact.event_id)
    ]
    conflicts = frozenset(
        fact.event_id
        for fact in facts
        if is_conflict(facts, fact.event_id) and not is_released(facts, fact.event_id)
    )
    grants = [fact for fact in facts if is_valid_grant(facts, fact)]
    ends = [fact for fact in facts if fact.action is Action.CONSENT_ENDED and counts(facts, fact)]
    return Reading(facts, False, refusals, holds, conflicts, grants, ends)


def overlaps(scope: Fact, contact: Contact) -> bool:
    """Tell whether a refusal, a hold or an end of consent is about this contact.

    Section 1: "A scope overlaps a contact if no field that both name differs (`all` and missing
    match everything)"; "A refusal to an entity overlaps its successors' contacts".
    """
    if scope.entity not in ("*", contact.entity) and scope.entity not in contact.predecessors:
        return False
    if None not in (scope.brand, contact.brand) and scope.brand != contact.brand:
        return False
    if None not in (scope.campaign, contact.campaign) and scope.campaign != contact.campaign:
        return False
    if scope.purpose not in (Purpose.ALL, contact.purpose):
        return False
    return scope.channel in (Channel.ALL, contact.channel)


def contains(scope: Fact, contact: Contact) -> bool:
    """Tell whether a grant is wide enough for this contact.

    Section 1: "A scope contains a contact if every field that the scope names is named, and equal,
    in the contact (`all` = not named)"; "a grant does not pass on". An entity is always named, and
    `*` is the name of none: only holds and refusals may stand for everybody.
    """
    if scope.entity != contact.entity:
        return False
    if scope.brand is not None and contact.brand != scope.brand:
        return False
    if scope.campaign is not None and contact.campaign != scope.campaign:
        return False
    if scope.purpose is not Purpose.ALL and contact.purpose != scope.purpose:
        return False
    return scope.channel is Channel.ALL or contact.channel == scope.channel


def grant_runs(reading: Reading, grant: Fact, contact: Contact, at_ms: int) -> bool:
    """Tell whether a grant runs for this contact: it has begun and is not over.

    Section 3: "for a contact, a grant is over from `until` on, or if a `consent_ended` overlaps
    **the contact** with min(`occurred_at`, `accepted_at`) (or `accepted_at`) ≥ granted_at". That
    it begins at granted_at is the plain sense of section 4's "running grants" and of section 8's
    "grant on day 3: allowed from day 3".
    """
    if at_ms < acted_ms(grant):
        return False
    if grant.until_ms is not None and at_ms >= grant.until_ms:
        return False
    return not any(
        overlaps(end, contact) and acted_ms(end) >= acted_ms(grant) for end in reading.ends
    )


def hold_runs(reading: Reading, hold: Fact, contact: Contact, at_ms: int) -> bool:
    """Tell whether an unreleased hold still blocks.

    Section 2: "`not_now` (the person: later, please; ends at `until`, at most 30 days after
    min(`occurred_at`, `accepted_at`), or with a grant that contains the contact and whose
    granted_at is later than that"; "All but `not_now` have no end and ignore grants". The grant
    must run: one that is over for a contact does nothing for it (section 3).
    """
    if hold.hold_kind is not HoldKind.NOT_NOW:
        return True
    ends_at_ms = acted_ms(hold) + NOT_NOW_MOST_MS
    if hold.until_ms is not None and hold.until_ms < ends_at_ms:
        ends_at_ms = hold.until_ms
    if at_ms >= ends_at_ms:
        return False
    return not any(
        contains(grant, contact)
        and grant_runs(reading, grant, contact, at_ms)
        and acted_ms(grant) > acted_ms(hold)
        for grant in reading.grants
    )


def answer(
    reading: Reading,
    contact: Contact,
    at_ms: int,
    *,
    basis_required: bool,
    basis_row: str = DEFAULT_ROW,
) -> Answer:
    """Decide on one contact.

    Section 4: "A contact is allowed iff all hold; otherwise denied with every reason that applies,
    each with the event id or policy row behind it" (conditions 3, 4 and 5; 1 and 2 are the
    registry's and the view's, 6 the other policy rows').
    """
    if reading.overflow:
        # The map is gone: whether there was a basis, too, nobody can say any more.
        return Answer(False, frozenset({("overflow", None)}), frozenset())
    reasons: set[Why] = set()
    for hold in reading.holds:
        if overlaps(hold, contact) and hold_runs(reading, hold, contact, at_ms):
            reasons.add(("held", hold.event_id))
    # Section 3, of a conflict: "it is itself a hold over every scope".
    reasons.update(("held", event_id) for event_id in reading.conflicts)
    refusals = [fact for fact in reading.refusals if overlaps(fact, contact)]
    grants = [
        fact
        for fact in reading.grants
        if contains(fact, contact) and grant_runs(reading, fact, contact, at_ms)
    ]
    # Section 4, condition 4: "if R exists, G > R strictly. Equal is refused".
    for refusal in refusals:
        if not any(acted_ms(grant) > barrier_ms(refusal) for grant in grants):
            reasons.add(("refused", refusal.event_id))
    # Condition 5: "if no R exists: G exists, or the policy row `basis_required` [...] is off".
    if not refusals and not grants and basis_required:
        reasons.add(("no_basis", basis_row))
    latest = [one for one in grants if all(acted_ms(one) >= acted_ms(other) for other in grants)]
    carried_by = frozenset(one.event_id for one in latest)
    return Answer(not reasons, frozenset(reasons), carried_by)


def needs_review(reading: Reading) -> bool:
    """Tell whether a person must look at this subject.

    Section 3: "every variant counts, review flag", and so of a mix that is worse, decided or not;
    overflow "goes to review". Section 5: "A late refusal (accepted after a grant that is later in
    `occurred_at` terms) [...] does not block again by itself (its barrier is earlier), and raises
    the review flag". Sections 2 and 8: a wrong clock's "grants go to review", "grant dated in the
    future: as if absent, review". Section 6, of imports: "A row that would allow changes nothing
    and goes to review".
    """
    if reading.overflow:
        return True
    return any(
        has_variants(reading.facts, fact.event_id)
        or _is_import_of_more_than_it_may(fact)
        or _is_grant_of_a_wrong_clock(reading.facts, fact)
        or _is_late_refusal(reading, fact)
        for fact in reading.facts
    )


def _is_import_of_more_than_it_may(fact: Fact) -> bool:
    # Whether an imported correction would allow depends on what it names, which may yet arrive.
    may = (Action.REFUSED, Action.HELD, Action.CONSENT_ENDED)
    return fact.method is Method.IMPORT and fact.action not in may


def _is_grant_of_a_wrong_clock(facts: Facts, fact: Fact) -> bool:
    if fact.action is not Action.GRANTED or is_corrected(facts, fact):
        return False
    return has_wrong_clock(fact)


def _is_late_refusal(reading: Reading, fact: Fact) -> bool:
    return fact in reading.refusals and any(
        fact.accepted_at_ms > grant.accepted_at_ms and barrier_ms(fact) < acted_ms(grant)
        for grant in reading.grants
    )
