"""The map of facts, read sentence by sentence off the rules of refusal 2, 3, 5 and 6.

Half of the reference that the real domain is held against (the other half decides:
`tests.support.reference_rules`). Slow and plain on purpose: naive loops over a list, nothing kept
from one question to the next, and nothing of `consentlog.domain` but the shapes of its facts and
the canonical order of two equal receptions, which the rules leave to the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from consentlog.domain.facts import Fact, earlier
from consentlog.domain.vocabulary import Action, Method, Precision, SetBy

Facts: TypeAlias = list[Fact]
MAX_ENTRIES = 256
MINUTE_MS = 60_000


def meaning(fact: Fact) -> tuple[object, ...]:
    """Return what the fingerprint is over.

    Section 3: "The fingerprint is over the meaning: action, scope, hold kind, target, until,
    method, source, actor (not for imports), and `occurred_at` with its precision as the source
    stated it (absent where the gateway set it)."
    """
    scope = (fact.entity, fact.brand, fact.campaign, fact.purpose, fact.channel)
    by_hand = fact.method is not Method.IMPORT
    actor = (fact.actor_id, fact.actor_type, fact.actor_role) if by_hand else None
    by_source = fact.occurred_at_set_by is not SetBy.GATEWAY
    stated = (fact.occurred_at_ms, fact.precision) if by_source else None
    what = (fact.action, scope, fact.hold_kind, fact.target, fact.until_ms)
    return (what, fact.method, fact.source, actor, stated)


def kept(events: Iterable[Fact]) -> Facts:
    """Return the entries of the map.

    Section 3: "Same id, same fingerprint → the whole fact with the smaller `accepted_at`, ties by
    the smaller canonical bytes." "States merge by union."
    """
    entries: Facts = []
    for event in events:
        for place, entry in enumerate(entries):
            if entry.event_id == event.event_id and meaning(entry) == meaning(event):
                entries[place] = _of_one_act(entry, event)
                break
        else:
            entries.append(event)
    return entries


def _of_one_act(left: Fact, right: Fact) -> Fact:
    if left.accepted_at_ms < right.accepted_at_ms:
        return left
    if right.accepted_at_ms < left.accepted_at_ms:
        return right
    return earlier(left, right)


def is_overflown(facts: Facts) -> bool:
    """Section 3: "More than 256 entries → overflow"."""
    return len(facts) > MAX_ENTRIES


def has_variants(facts: Facts, event_id: bytes) -> bool:
    """Section 3: "Same id, different fingerprints"."""
    return len([fact for fact in facts if fact.event_id == event_id]) > 1


def is_conflict(facts: Facts, event_id: bytes) -> bool:
    """Section 3, of variants: "all `refused`, or all `held` [...]. Any other mix → conflict"."""
    actions = [fact.action for fact in facts if fact.event_id == event_id]
    if all(action is Action.REFUSED for action in actions):
        return False
    if all(action is Action.HELD for action in actions):
        return False
    return has_variants(facts, event_id)


def counts(facts: Facts, fact: Fact) -> bool:
    """Section 3, of a conflict: "its refusals and holds count, all else of it does not"."""
    if is_conflict(facts, fact.event_id):
        return fact.action in (Action.REFUSED, Action.HELD)
    return True


def is_row_that_would_allow(facts: Facts, fact: Fact) -> bool:
    """Section 6: "An import can only tighten [...]. A row that would allow changes nothing"."""
    if fact.method is not Method.IMPORT:
        return False
    if fact.action in (Action.GRANTED, Action.HOLD_RELEASED, Action.APPROVED):
        return True
    if fact.action is Action.CORRECTED:
        return any(
            target.event_id == fact.target and target.action is Action.REFUSED for target in facts
        )
    return False


def is_about(fact: Fact, named: Fact) -> bool:
    """Tell whether an act may reach the event that it names.

    Section 1: registry, "sources and their API keys (→ entities they may speak for)": an act stated
    for one entity says nothing about another's. `*` stands for every entity.
    """
    return named.entity in ("*", fact.entity)


def is_about_all(facts: Facts, fact: Fact) -> bool:
    """Tell the same of every meaning that the named id has."""
    return all(is_about(fact, named) for named in facts if named.event_id == fact.target)


def is_released(facts: Facts, event_id: bytes) -> bool:
    """Tell whether the hold, or the conflict, of this id was ended by a person who may.

    Section 2: "`hold_released` ends one hold (or one conflict), by id [...]; counts only with role
    `compliance`".
    """
    return any(
        fact.action is Action.HOLD_RELEASED
        and fact.target == event_id
        and any(is_about(fact, named) for named in facts if named.event_id == event_id)
        and fact.actor_role == "compliance"
        and counts(facts, fact)
        and not is_row_that_would_allow(facts, fact)
        for fact in facts
    )


def is_approved(facts: Facts, named: Fact) -> bool:
    """Tell whether a second person confirmed an event.

    Section 2: "`approved` one named event (a spoken grant, a correction of a refusal) is confirmed
    by a second person: another authenticated principal with role `compliance`" (nobody can be told
    to be another than somebody without a name). Section 3, of a conflict: "corrections and
    approvals that name it have no effect".
    """
    if is_conflict(facts, named.event_id):
        return False
    return any(
        fact.action is Action.APPROVED
        and fact.target == named.event_id
        and is_about_all(facts, fact)
        and fact.actor_role == "compliance"
        and fact.actor_id not in ("", named.actor_id)
        and named.actor_id != ""
        and counts(facts, fact)
        and not is_row_that_would_allow(facts, fact)
        for fact in facts
    )


def is_corrected(facts: Facts, named: Fact) -> bool:
    """Tell whether a fact is effectively corrected.

    Section 2: "`corrected` one named `refused` or `granted` of the same subject was recorded
    wrongly"; "A correction of a refusal counts only once approved; a correction of a grant needs
    one person. A correction cannot name a correction". Section 3, of a conflict: "corrections and
    approvals that name it have no effect".
    """
    if is_conflict(facts, named.event_id):
        return False
    for fact in facts:
        if fact.action is not Action.CORRECTED or fact.target != named.event_id:
            continue
        if not counts(facts, fact) or is_row_that_would_allow(facts, fact):
            continue
        if not is_about_all(facts, fact):
            continue
        if named.action is Action.GRANTED:
            return True
        if named.action is Action.REFUSED and is_approved(facts, fact):
            return True
    return False


def has_wrong_clock(fact: Fact) -> bool:
    """Tell whether the source's clock was proven wrong.

    Section 2: "A wrong clock is proven only by a stated time *ahead* of the gateway's by more than
    the margin, or by a measured offset of the source" (which the gateway flags).
    """
    is_stated = fact.occurred_at_set_by is not SetBy.GATEWAY
    return fact.clock_wrong or (is_stated and is_ahead(fact))


def is_ahead(fact: Fact) -> bool:
    """Section 3, of a grant: valid only if "`occurred_at` [...] ≤ `accepted_at` + margin"."""
    if fact.occurred_at_ms is None:
        return False
    return fact.occurred_at_ms > fact.accepted_at_ms + fact.margin_ms


def dated_ms(fact: Fact) -> int | None:
    """Return when the person acted, None where that is missing or a wrong clock's word.

    Section 2: "its refusals count as undated".
    """
    return None if has_wrong_clock(fact) else fact.occurred_at_ms


def acted_ms(fact: Fact) -> int:
    """Sections 2 and 3: "min(`occurred_at`, `accepted_at`) (or `accepted_at`)"."""
    occurred_at_ms = dated_ms(fact)
    if occurred_at_ms is None:
        return fact.accepted_at_ms
    return min(occurred_at_ms, fact.accepted_at_ms)


def barrier_ms(refusal: Fact) -> int:
    """Return until when a grant is too early to lift this refusal.

    Section 3: "barrier of a refusal = min(end of the interval that `occurred_at` and its precision
    name, or `accepted_at` if none; `accepted_at`) + `margin_ms`".
    """
    occurred_at_ms = dated_ms(refusal)
    end_ms = refusal.accepted_at_ms
    if occurred_at_ms is not None:
        end_ms = interval_end_ms(occurred_at_ms, refusal.precision, refusal.zone)
    return min(end_ms, refusal.accepted_at_ms) + refusal.margin_ms


def interval_end_ms(occurred_at_ms: int, precision: Precision, zone: str | None) -> int:
    """Return the end of the instant, minute or local day; a day without a zone is UTC-12's."""
    if precision is Precision.INSTANT:
        return occurred_at_ms
    if precision is Precision.MINUTE:
        return (occurred_at_ms // MINUTE_MS + 1) * MINUTE_MS
    place = ZoneInfo(zone or "Etc/GMT+12")
    local_day = datetime.fromtimestamp(occurred_at_ms / 1000, UTC).astimezone(place).date()
    midnight = datetime.combine(local_day + timedelta(days=1), time(), place)
    return round(midnight.timestamp() * 1000)


def is_valid_grant(facts: Facts, fact: Fact) -> bool:
    """Tell whether a fact is a grant at all.

    Section 3: "Valid: evidence present, method allowed (section 5), `occurred_at` present and ≤
    `accepted_at` + margin, approved where approval is needed." Section 5 lists the methods;
    section 2: a wrong clock's "grants go to review".
    """
    if fact.action is not Action.GRANTED or not counts(facts, fact) or is_corrected(facts, fact):
        return False
    if not fact.has_evidence or fact.occurred_at_ms is None:
        return False
    if has_wrong_clock(fact) or is_ahead(fact):
        return False
    if fact.method is Method.SPOKEN:
        return is_approved(facts, fact)
    return fact.method in (Method.KEYWORD, Method.WEB, Method.APP, Method.FORM)
