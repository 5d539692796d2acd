"""The part `explanation` of an answer: every fact that its reader may see, and its effect.

A key sees only its own entities' scopes and reasons (rules of refusal 1). What another entity's
fact does to the contact is a reason of the own entity's, so the fact is shown; its scope, and who
recorded it through what, are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from consentlog.domain.clocks import barrier_of
from consentlog.domain.decision import Decision, Reason
from consentlog.domain.effects import Effect
from consentlog.domain.explain import Entry
from consentlog.domain.facts import Fact
from consentlog.domain.place import Place
from consentlog.domain.policy import Policy
from consentlog.domain.scope import ANY_ENTITY, Contact, Scoped
from consentlog.domain.vocabulary import Action, Basis, Channel, HoldKind, Method, Purpose
from consentlog.observability.masking import mask_text
from consentlog.wire.instants import write_utc


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader may see: facts of `entities`; of every entity's, those of sources it shares.

    `sources` maps a source to the entities that it may speak for. One that is not in it is a part
    of the system and everybody's.
    """

    entities: AbstractSet[str]
    sources: Mapping[str, AbstractSet[str]]

    def is_whole(self, fact: Fact) -> bool:
        """Tell whether scope, source and actor of a fact may be shown."""
        if fact.entity != ANY_ENTITY:
            return fact.entity in self.entities
        return not self.entities.isdisjoint(self.sources.get(fact.source, self.entities))


def explanation(  # noqa: PLR0913  # the six things that a decision is about, and its reader
    entries: Iterable[Entry],
    decision: Decision,
    contact: Contact,
    at_ms: int,
    policy: Policy,
    place: Place,
    sight: Sight | None = None,
) -> dict[str, Any]:
    """Return the JSON form of what a decision rests on.

    Args:
        entries: Of the account that was given of the decision.
        decision: What was decided.
        contact: About what.
        at_ms: For when, ms UTC.
        policy: Where the rows come from.
        place: Where the number lives; the only zone that it can be in is the note's.
        sight: What the reader may see; None for everything.
    """
    behind = {reason.event_id for reason in decision.reasons}
    return {
        "at": write_utc(at_ms),
        "zone": zone_of(place),
        "contact": scope_fields(contact),
        "facts": [
            _entry_fields(one, whole=sight is None or sight.is_whole(one.fact))
            for one in entries
            if sight is None or _is_seen(one, sight, contact, behind)
        ],
        "policy": rule_fields(decision, policy),
    }


def zone_of(place: Place) -> str:
    """Return the zone to tell times in: the only one that the number can be in, else UTC."""
    return place.zones[0] if len(place.zones) == 1 else "UTC"


def _is_seen(one: Entry, sight: Sight, contact: Contact, behind: AbstractSet[bytes | None]) -> bool:
    fact = one.fact
    if fact.entity in sight.entities or fact.event_id in behind:
        return True
    return one.effect != Effect.OUT_OF_SCOPE and fact.entity in (ANY_ENTITY, *contact.predecessors)


def _entry_fields(one: Entry, *, whole: bool) -> dict[str, Any]:
    behind = {} if one.by is None else {"by": one.by.hex()}
    return fact_fields(one.fact, whole=whole) | {"effect": one.effect.value} | behind


def fact_fields(fact: Fact, *, whole: bool = True) -> dict[str, Any]:
    """Return the JSON form of a fact for people; what does not apply is left out.

    Args:
        fact: The fact.
        whole: False leaves out scope, source, method and actor.
    """
    is_refusal = fact.action is Action.REFUSED
    is_dated = fact.occurred_at_ms is not None
    fields: dict[str, Any] = {
        "event_id": fact.event_id.hex(),
        "action": fact.action.value,
        "basis": _known(fact.basis, Basis.UNKNOWN),
        "kind": _known(fact.hold_kind, HoldKind.UNKNOWN),
        "occurred_at": None if fact.occurred_at_ms is None else write_utc(fact.occurred_at_ms),
        "occurred_at_set_by": None
        if fact.occurred_at_ms is None
        else fact.occurred_at_set_by.value,
        "precision": fact.precision.value if is_dated else None,
        "zone": fact.zone,
        "clock_wrong": fact.clock_wrong or None,
        "accepted_at": write_utc(fact.accepted_at_ms),
        "barrier_at": write_utc(barrier_of(fact)) if is_refusal else None,
        "until": None if fact.until_ms is None else write_utc(fact.until_ms),
        "target": None if fact.target is None else fact.target.hex(),
    }
    if whole:
        fields |= {
            "scope": scope_fields(fact),
            "source": mask_text(fact.source) or None,
            "method": _known(fact.method, Method.UNKNOWN),
            "actor": _actor(fact),
        }
    return {name: value for name, value in fields.items() if value is not None}


def reason_fields(reason: Reason) -> dict[str, str]:
    """Return the JSON form of a reason; what does not apply is left out.

    `at` is RFC 3339 UTC: the barrier of a refusal, the end of a hold, when a grant became too old.
    """
    fields = {
        "code": reason.code.value,
        "event_id": None if reason.event_id is None else reason.event_id.hex(),
        "policy": reason.policy,
        "at": None if reason.at_ms is None else write_utc(reason.at_ms),
        # Of an unknown name the caller's own words, in which a number may stand.
        "detail": None if reason.detail is None else mask_text(reason.detail),
    }
    return {name: value for name, value in fields.items() if value is not None}


def scope_fields(scope: Scoped) -> dict[str, str]:
    """Return the JSON form of a scope or a contact; what it does not name is left out."""
    named = {
        "entity": scope.entity,
        "brand": scope.brand,
        "campaign": scope.campaign,
        "purpose": None if scope.purpose is Purpose.ALL else scope.purpose.value,
        "channel": None if scope.channel is Channel.ALL else scope.channel.value,
    }
    return {name: value for name, value in named.items() if value is not None}


def rule_fields(decision: Decision, policy: Policy) -> list[dict[str, str]]:
    """Return the policy rows that a decision used, with their citations."""
    named = (*decision.policy_rows, *(r.policy for r in decision.reasons if r.policy is not None))
    return [_rule(policy, row_id) for row_id in dict.fromkeys(named)]


def _rule(policy: Policy, row_id: str) -> dict[str, str]:
    row = policy.find(row_id)
    if row is None:
        return {"id": row_id}
    return {
        "id": row.id,
        "what": row.what,
        "jurisdiction": row.jurisdiction,
        "citation": row.citation,
        "confidence": row.confidence,
    }


def _known(value: str, unknown: str) -> str | None:
    return None if value == unknown else str(value)


def _actor(fact: Fact) -> dict[str, str]:
    named = {"type": fact.actor_type.value, "id": mask_text(fact.actor_id), "role": fact.actor_role}
    return {name: value for name, value in named.items() if value}
