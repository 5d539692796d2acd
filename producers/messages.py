"""What becomes of a text message: a refusal, a grant, a hold with a review, or nothing to do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final, Literal

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
from producers.request import ActorIn, EventIn, EvidenceIn, ScopeIn
from producers.reviews import open_review
from producers.sms import Message

_PERSON: Final = ActorIn(id="subject", type="person")
_MAX_REF: Final = 128
_NOTHING_TO_DO: Final = frozenset({Verdict.HELP, Verdict.NONE})
_RIGHTS: Final = frozenset({"events:write", "grants:write"})


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

    def accept(self, message: Message | None, raw: object, principal: Principal) -> Outcome | None:
        """Decide what becomes of one message.

        Args:
            message: The message, or None if the item was none.
            raw: The item as it came.
            principal: The vendor's source.

        Returns:
            A refusal of marketing on every channel; a grant of marketing by SMS for `START`; a hold
            with a review for words that a person must read; a review alone for a `YES`, an item
            that is no message, or anything that could not be recorded; None for a call for help
            and for words that ask for nothing: an auto-reply must not freeze a number.
        """
        if message is None:
            return Outcome(review=self._review(raw, principal, None, "an item is no message"))
        judgement = judge(message.content, self._words)
        if judgement.verdict in _NOTHING_TO_DO:
            return None
        if judgement.is_answer:
            detail = "a YES without a recorded question"
            return Outcome(review=self._review(raw, principal, message, detail))
        return self._act(message, judgement, raw, principal)

    def _act(
        self, message: Message, judgement: Judgement, raw: object, principal: Principal
    ) -> Outcome:
        item = self._item(message, judgement.verdict, principal)
        speaker = Principal(principal.key_id, principal.source, _RIGHTS)
        outcome = self._acceptor.accept(item, speaker, Reception(_bytes_of(raw)))
        unclear = judgement.verdict is Verdict.REVIEW
        if outcome.review is None and (unclear or outcome.refusal is not None):
            code = outcome.refusal.code if outcome.refusal else ""
            detail = f"not recorded: {code}" if code else f"words to be read: {judgement.rule}"
            review = self._review(raw, principal, message, detail)
            return replace(outcome, review=review)
        return outcome

    def _item(self, message: Message, verdict: Verdict, principal: Principal) -> EventIn:
        action: Literal["refused", "granted", "held"] = "refused"
        if verdict is not Verdict.REFUSE:
            action = "granted" if verdict is Verdict.CONSENT else "held"
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
            hold_kind="unclear" if action == "held" else None,
            method="keyword",
            actor=_PERSON,
            evidence=EvidenceIn(verbatim=message.content),
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

    def _review(
        self, raw: object, principal: Principal, message: Message | None, detail: str
    ) -> ReviewEvent:
        region = principal.source.region
        number = normalise(message.phone_number, region) if message else None
        return open_review(
            self._id_key,
            ReviewReason.UNCLEAR_WORDS,
            source=principal.source.id,
            opened_at_ms=self._clock.now_ms(),
            payload=_bytes_of(raw),
            detail=detail,
            subject=number.subject if isinstance(number, Normalised) else None,
        )


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


def _bytes_of(raw: object) -> bytes:
    # Lone surrogates, which JSON can escape, have no UTF-8: escaped again they survive.
    return json.dumps(raw, ensure_ascii=False).encode("utf-8", "backslashreplace")
