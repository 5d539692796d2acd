"""What becomes of a text message: a refusal, a grant, a hold with a review, or a mere record."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final, Literal

from consentlog.domain.events import ConsentEvent
from consentlog.domain.registry import Registry
from consentlog.domain.scope import ANY_ENTITY
from consentlog.domain.stated import instant_ms
from consentlog.http.auth import Principal
from consentlog.numbers.normalise import Normalised, normalise
from consentlog.ports import Clock
from consentlog.reference.words import Words
from consentlog.wire.reviews import ReviewEvent, ReviewReason
from consentlog.words import Judgement, Verdict, judge
from producers.accept import Acceptor
from producers.draft import Reception
from producers.outcome import Outcome
from producers.received import received
from producers.request import ActorIn, EventIn, EvidenceIn, ScopeIn
from producers.reviews.opening import open_review
from producers.sms import Message, Pushed

_PERSON: Final = ActorIn(id="subject", type="person")
_MAX_REF: Final = 128
_NOTHING_TO_DO: Final = frozenset({Verdict.HELP, Verdict.NONE})
_RIGHTS: Final = frozenset({"events:write", "grants:write"})
_VENDOR: Final = "vendor:"

_ActionName = Literal["refused", "granted", "held"]
_HoldName = Literal["unclear", "unverified"]


class MessageAcceptor:
    """Turns text messages into outcomes.

    Args:
        registry: Which number or signature speaks for which entity.
        words: What people write.
        acceptor: Decides what becomes of a stated act.
        id_key: Deployment's key for ids.
        clock: When a review is opened.
    """

    def __init__(
        self, registry: Registry, words: Words, acceptor: Acceptor, id_key: bytes, clock: Clock
    ) -> None:
        self._registry = registry
        self._words = words
        self._acceptor = acceptor
        self._id_key = id_key
        self._clock = clock

    def accept(
        self, pushed: Pushed | None, raw: object, principal: Principal, *, is_verified: bool = True
    ) -> Outcome:
        """Decide what becomes of one message.

        Args:
            pushed: The message, or None if the item was none.
            raw: The item as it came.
            principal: The vendor's source.
            is_verified: Whether the request carried the signature that its source must carry.

        Returns:
            A refusal of marketing on every channel; a grant of marketing by SMS for `START`; a hold
            with a review for words that a person must read; a review alone for a `YES`, an item
            that is no message, or anything that could not be recorded. A call for help and words
            that ask for nothing are recorded as received, and hold nothing: an auto-reply must not
            freeze a number. Unverified, a message can only hold, never refuse or grant.
        """
        if pushed is None:
            detail = "an item is no message"
            return Outcome(review=self._review(raw, principal, None, detail, is_verified))
        judgement = _judged(pushed, judge(pushed.message.content, self._words))
        if judgement.verdict in _NOTHING_TO_DO:
            return Outcome(review=self._received(pushed.message, judgement, raw, principal))
        doubt = _doubt_of(pushed, judgement, is_verified)
        if doubt is not None:
            review = self._review(raw, principal, pushed.message, doubt, is_verified)
            return Outcome(review=review)
        return self._act(pushed, judgement, raw, principal, is_verified)

    def _act(
        self,
        pushed: Pushed,
        judgement: Judgement,
        raw: object,
        principal: Principal,
        is_verified: bool,
    ) -> Outcome:
        item = self._item(pushed.message, judgement, principal, is_verified)
        speaker = Principal(principal.key_id, principal.source, _RIGHTS)
        reception = Reception(bytes_of(raw), is_now=pushed.is_now)
        outcome = self._acceptor.accept(item, speaker, reception)
        detail = _why_a_person_looks(judgement, outcome, is_verified)
        if detail is None:
            return outcome
        review = self._review(raw, principal, pushed.message, detail, is_verified, outcome.event)
        return replace(outcome, review=review)

    def _item(
        self, message: Message, judgement: Judgement, principal: Principal, is_verified: bool
    ) -> EventIn:
        action, hold_kind = _action_of(judgement.verdict, is_verified)
        return EventIn(
            number=message.phone_number,
            action=action,
            scope=ScopeIn(
                entity=self._entity_of(message, principal),
                purpose="marketing",
                channel="sms" if action == "granted" else "all",
            ),
            occurred_at=_usable_time(message, principal.source.zone),
            source_ref=(message.sequence_id or "")[:_MAX_REF] or None,
            nonce=message.nonce,
            hold_kind=hold_kind,
            method="keyword",
            actor=_PERSON,
            evidence=EvidenceIn(verbatim=message.content, source_system=_vendor_rule(judgement)),
        )

    def _entity_of(self, message: Message, principal: Principal) -> str:
        """Return the entity that the message was sent to; `*`, which nobody knows, if in doubt.

        An entity that the vendor may not speak for is a doubt too: the person said no all the same.
        """
        now_ms = self._clock.now_ms()
        rows = [
            self._registry.sms_numbers[name]
            for name in (message.dest_code, message.sign_name)
            if name is not None and name in self._registry.sms_numbers
        ]
        entities = {row.entity for row in rows if row.period.holds(now_ms)}
        sure = len(entities) == 1 and entities <= principal.source.entities
        return entities.pop() if sure else ANY_ENTITY

    def _review(  # noqa: PLR0913  # what a case says
        self,
        raw: object,
        principal: Principal,
        message: Message | None,
        detail: str,
        is_verified: bool,
        event: ConsentEvent | None = None,
    ) -> ReviewEvent:
        reason = ReviewReason.UNCLEAR_WORDS if is_verified else ReviewReason.NOT_AUTHENTICATED
        return open_review(
            self._id_key,
            reason,
            source=principal.source.id,
            opened_at_ms=self._clock.now_ms(),
            payload=bytes_of(raw),
            detail=detail,
            subject=_subject_of(message, principal),
            event=event,
        )

    def _received(
        self, message: Message, judgement: Judgement, raw: object, principal: Principal
    ) -> ReviewEvent:
        return received(
            self._id_key,
            source=principal.source.id,
            at_ms=self._clock.now_ms(),
            payload=bytes_of(raw),
            rule=judgement.rule,
            subject=_subject_of(message, principal),
        )


def _judged(pushed: Pushed, found: Judgement) -> Judgement:
    """Let the vendor's own verdict tighten ours: its account may know words that ours do not."""
    if pushed.vendor_says is Verdict.REFUSE and found.verdict is not Verdict.REFUSE:
        return Judgement(Verdict.REFUSE, f"{_VENDOR}refuse")
    if pushed.vendor_says is Verdict.CONSENT and found.verdict in _NOTHING_TO_DO:
        return Judgement(Verdict.REVIEW, f"{_VENDOR}consent")
    return found


def _doubt_of(pushed: Pushed, judgement: Judgement, is_verified: bool) -> str | None:
    """Say why a message is for a person alone: it would open, and cannot be trusted to."""
    if judgement.is_answer:
        return "a YES without a recorded question"
    if judgement.rule == f"{_VENDOR}consent":
        return "the vendor took it for a consent, by words that are none"
    if judgement.verdict is not Verdict.CONSENT:
        return None
    if not is_verified:
        return "a consent in a request without a right signature"
    if pushed.is_now and pushed.message.sequence_id is None:
        return "a consent that no message id tells from its own repetition"
    return None


def _why_a_person_looks(judgement: Judgement, outcome: Outcome, is_verified: bool) -> str | None:
    """Say why a review is opened beside what was recorded; None if none is, or one is already.

    Unverified, the review says so above all: who decides must not take the message for a person's.
    """
    known = outcome.review.detail if outcome.review is not None else None
    if not is_verified:
        return known or f"without a right signature: {judgement.rule}"
    if known is not None:
        return None
    if outcome.refusal is not None:
        return f"not recorded: {outcome.refusal.code}"
    is_unclear = judgement.verdict is Verdict.REVIEW
    return f"words to be read: {judgement.rule}" if is_unclear else None


def _action_of(verdict: Verdict, is_verified: bool) -> tuple[_ActionName, _HoldName | None]:
    if not is_verified:
        return "held", "unverified"
    if verdict is Verdict.REFUSE:
        return "refused", None
    return ("granted", None) if verdict is Verdict.CONSENT else ("held", "unclear")


def _vendor_rule(judgement: Judgement) -> str | None:
    return judgement.rule if judgement.rule.startswith(_VENDOR) else None


def _subject_of(message: Message | None, principal: Principal) -> str | None:
    number = normalise(message.phone_number, principal.source.region) if message else None
    return number.subject if isinstance(number, Normalised) else None


def _usable_time(message: Message, zone: str) -> str | None:
    """Return the message's time if it can be read.

    A refusal with an unreadable time is a refusal all the same; a grant without a time is none.
    """
    stated = (message.send_time or "").strip()
    try:
        instant_ms(stated, zone, later=True)
    except ValueError:
        return None
    return stated


def bytes_of(raw: object) -> bytes:
    """Return an item as the bytes of a review."""
    # Lone surrogates, which JSON can escape, have no UTF-8: escaped again they survive.
    return json.dumps(raw, ensure_ascii=False).encode("utf-8", "backslashreplace")
