"""From a stated act to the event that is recorded; pure but for the clock and fresh nonces."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Final

from consentlog.domain.acts import TIGHTENING, may_come_by, waits_for_approval
from consentlog.domain.events import ConsentEvent, defect_of
from consentlog.domain.grants import flaw_of
from consentlog.domain.ids import act_id
from consentlog.domain.policy import Policy
from consentlog.domain.registry import Registry
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action, HoldKind, Method
from consentlog.http.auth import Principal
from consentlog.http.problems import RequestRefused
from consentlog.numbers.normalise import Quarantined, normalise
from consentlog.numbers.place import place_of
from consentlog.observability.masking import mask_text
from consentlog.ports import Clock
from consentlog.wire.evidence import encode_evidence
from consentlog.wire.reviews import ReviewEvent, ReviewReason
from producers.draft import Draft, Reception, told_apart
from producers.not_now import check_not_now
from producers.outcome import Outcome
from producers.request import EventIn
from producers.reviews.opening import open_review
from producers.reviews.proposer import sentence_of
from producers.rules import FLAWS, check_rules
from producers.scoping import scope_of, unknown_in, widened
from producers.stated import read_times

_WAITING: Final = {Action.GRANTED: "a spoken consent", Action.CORRECTED: "a correction"}


class Acceptor:
    """Turns stated acts into events.

    Shape and authority are decided here; whether a contact may be made is never.

    Args:
        registry: Who may speak for whom, and which names are known.
        policy: How long a `not_now` hold may last.
        id_key: The deployment's key for ids.
        clock: `accepted_at`.
    """

    def __init__(self, registry: Registry, policy: Policy, id_key: bytes, clock: Clock) -> None:
        self._registry = registry
        self._policy = policy
        self._id_key = id_key
        self._clock = clock

    def accept(self, item: EventIn, principal: Principal, reception: Reception) -> Outcome:
        """Decide what becomes of one act.

        Args:
            item: The act as stated.
            principal: Who states it.
            reception: How it came in.

        Returns:
            The event to record; or a refusal to record it, with a review wherever the sender could
            not repair it alone. An act that can only tighten becomes a hold on every entity, with
            a review, if its scope names something unknown.
        """
        source = principal.source
        try:
            check_rules(item, principal)
            times = read_times(item, source.zone)
        except RequestRefused as refusal:
            return Outcome(refusal=refusal)
        draft = Draft(item, principal, reception, times, self._clock.now_ms())
        number = normalise(item.number, item.region or source.region)
        if isinstance(number, Quarantined):
            review = self.review(draft, ReviewReason.NUMBER_NOT_VALID, number.reason.value)
            refused = RequestRefused("CL-1203", reason=number.reason.value)
            return Outcome(review=review, refusal=refused)
        return self._of_subject(draft, number.subject)

    def _of_subject(self, draft: Draft, subject: str) -> Outcome:
        action, source = draft.action, draft.principal.source
        if not may_come_by(action, draft.method):
            detail = f"an import can only tighten, and this row says {action}"
            review = self.review(draft, ReviewReason.UNKNOWN, detail, subject)
            return Outcome(review=review, refusal=RequestRefused("CL-1209", action=action))
        scope = scope_of(draft.item, self._registry, is_chosen=draft.reception.is_chosen)
        if scope.entity in self._registry.entities and scope.entity not in source.entities:
            detail = f"the source may not speak for {scope.entity}"
            review = self.review(draft, ReviewReason.NOT_AUTHENTICATED, detail, subject, scope)
            refused = RequestRefused("CL-1104", entity=scope.entity)
            return Outcome(review=review if action in TIGHTENING else None, refusal=refused)
        unknown = unknown_in(action, scope, self._registry, draft.now_ms)
        if unknown is not None:
            return self._of_unknown_scope(draft, subject, scope, unknown)
        if action is Action.GRANTED and draft.clock_doubt is not None:
            review = self.review(draft, ReviewReason.UNKNOWN, draft.clock_doubt, subject, scope)
            refused = RequestRefused("CL-1207", reason=draft.clock_doubt)
            return Outcome(review=review, refusal=refused)
        if draft.method is Method.IMPORT and draft.item.hold_kind == "unclear":
            draft = replace(draft, item=told_apart(draft))
        return self._with_case(draft, self._event(draft, subject, scope))

    def _with_case(self, draft: Draft, found: Outcome) -> Outcome:
        """Open the case of an act that was taken, but that somebody else must see."""
        if found.event is None:
            return found
        event, fact = found.event, found.event.fact
        if draft.method is Method.IMPORT and fact.hold_kind is HoldKind.UNCLEAR:
            # A row that nobody understood: the hold has no end, so somebody must own it.
            reason = ReviewReason.UNCLEAR_WORDS
            detail = "a row of a list does not say clearly what the person wants"
        elif waits_for_approval(fact):
            reason = ReviewReason.NEEDS_APPROVAL
            waits = f"{_WAITING[fact.action]} waits for a second person"
            detail = sentence_of(waits, draft.principal.key_id)
        else:
            return found
        return replace(found, review=self.review(draft, reason, detail, event.subject, event=event))

    def _of_unknown_scope(self, draft: Draft, subject: str, scope: Scope, unknown: str) -> Outcome:
        unknown = mask_text(unknown)  # callers put numbers into any field
        reason, detail = ReviewReason.UNKNOWN_SCOPE, f"unknown: {unknown}"
        if draft.action not in TIGHTENING:
            review = self.review(draft, reason, detail, subject, scope)
            return Outcome(review=review, refusal=RequestRefused("CL-1204", unknown=unknown))
        held = told_apart(draft).model_copy(
            update={"action": "held", "hold_kind": "unclear", "basis": None}
        )
        wide = widened(scope, draft.item)
        found = self._event(
            replace(draft, item=held, times=replace(draft.times, until_ms=None)), subject, wide
        )
        review = self.review(draft, reason, detail, subject, scope, found.event)
        return replace(found, review=review)

    def _event(self, draft: Draft, subject: str, scope: Scope) -> Outcome:
        fact = draft.fact(scope)
        id_ = act_id(self._id_key, subject, fact, draft.named, secrets.token_hex(16))
        fact = fact._replace(event_id=id_)
        defect = defect_of(subject, fact)
        if defect is not None:
            return Outcome(refusal=RequestRefused("CL-1208", reason=defect))
        flaw = flaw_of(fact, approved=True) if fact.action is Action.GRANTED else None
        if flaw is not None:
            return Outcome(refusal=RequestRefused("CL-1206", reason=FLAWS.get(flaw, flaw)))
        if fact.hold_kind is HoldKind.NOT_NOW:  # the number's place costs as much as all the rest
            try:
                check_not_now(fact, self._policy, place_of(subject).region)
            except RequestRefused as refusal:
                return Outcome(refusal=refusal)
        recorded_at_ms, evidence = draft.times.recorded_at_ms, encode_evidence(draft.evidence)
        event = ConsentEvent(subject, fact, recorded_at_ms=recorded_at_ms, evidence=evidence)
        return Outcome(event)

    def review(  # noqa: PLR0913  # what a case may say besides
        self,
        draft: Draft,
        reason: ReviewReason,
        detail: str,
        subject: str | None = None,
        scope: Scope | None = None,
        event: ConsentEvent | None = None,
    ) -> ReviewEvent:
        """Open a case about a draft; about a scope's entity only if the registry knows it."""
        known = scope is not None and scope.entity in self._registry.entities
        return open_review(
            self._id_key,
            reason,
            source=draft.principal.source.id,
            opened_at_ms=draft.now_ms,
            payload=draft.reception.payload,
            detail=detail,
            subject=subject,
            entity=scope.entity if scope is not None and known else None,
            event=event,
        )
