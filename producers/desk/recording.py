"""Records what a clerk submits, and sees how long it takes until the gate denies."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consentlog.domain.vocabulary import Action, HoldKind
from consentlog.errors import TransientError
from consentlog.http.problems import RETRY_AFTER_S, RequestRefused
from consentlog.ports import Delivered
from producers.accept import Acceptor
from producers.desk.clerk import Clerk
from producers.desk.draw_answer import Answer
from producers.desk.fields import UNTIL, Sheet, Troubles, Typed
from producers.desk.metrics import DENIED_SECONDS, NOT_NOW_BY_CLERK, NOT_SEEN_DENIED
from producers.desk.spread import Spread
from producers.draft import Reception
from producers.gate_client import PATIENCE_S
from producers.intake import Intake
from producers.limits import RateLimit
from producers.outcome import Outcome
from producers.page_texts import Texts
from producers.request import EventIn

_ASKED_ABOUT: Final = (Action.REFUSED, Action.HELD)
_FIELDS: Final[Mapping[str, str]] = {"CL-1203": "number", "CL-1210": UNTIL, "CL-1211": UNTIL}
"""Which field a refusal of the acceptor is about; any other is about the form."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form that was sent, without anything wrong that can be seen in it.

    `started_s` = when it arrived, seconds of `time.monotonic`; `days` = how long *not now* may
    last; `trace` = W3C trace context.
    """

    sheet: Sheet
    typed: Typed
    clerk: Clerk
    started_s: float
    days: int
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Nothing is recorded: why, by field, and with which status."""

    status: int
    troubles: Troubles
    retry_after_s: int | None = None


class Recorder:
    """Records acts.

    Args:
        acceptor: Decides what becomes of an act.
        intake: Delivers it.
        spread: Tells whether the gate denies.
        limit: How fast a key may send; what tightens waits its turn.
    """

    def __init__(
        self, acceptor: Acceptor, intake: Intake, spread: Spread, limit: RateLimit
    ) -> None:
        self._acceptor = acceptor
        self._intake = intake
        self._spread = spread
        self._limit = limit

    async def record(self, form: Submitted, words: Texts) -> Answer | NotTaken:
        """Record one act.

        Args:
            form: What was submitted.
            words: Of the page, for what is wrong.

        Returns:
            The answer once the act is durable, and the gate was asked; or why it is not recorded:
            422 for something to put right, 429 for a consent that came too fast, 503 where nothing
            durable would take it. Submitted again it is the same act.
        """
        item = form.sheet.act(form.typed, form.clerk)
        try:
            await self._wait_turn(form.clerk, item)
            reception = Reception(_payload_of(item), is_now=True)
            outcome = self._acceptor.accept(item, form.clerk.principal, reception)
            delivered = await self._intake.deliver(outcome, form.trace)
        except RequestRefused as too_fast:
            return NotTaken(429, {"": words.say("too_fast")}, too_fast.retry_after_s)
        except TransientError:
            return NotTaken(503, {"": words.say("not_durable")}, RETRY_AFTER_S)
        if outcome.event is None:
            return NotTaken(422, _troubles_of(outcome, form.days, words))
        if outcome.event.fact.hold_kind is HoldKind.NOT_NOW:
            NOT_NOW_BY_CLERK.labels(form.clerk.id).inc()
        denied_ms = await self._denied_ms(outcome, delivered, form.started_s)
        return Answer(outcome, outcome.event, form.typed, denied_ms)

    async def _wait_turn(self, clerk: Clerk, item: EventIn) -> None:
        if item.action == "granted":
            self._limit.check(clerk.id)
        else:
            await self._limit.wait_turn(clerk.id)

    async def _denied_ms(
        self, outcome: Outcome, delivered: Delivered, started_s: float
    ) -> int | None:
        """Measure from the submission to the gate's denial; None if none was seen in time."""
        event = outcome.event
        if event is None or event.fact.action not in _ASKED_ABOUT:
            return None
        left_s = PATIENCE_S - (time.monotonic() - started_s)
        if (
            delivered.position is None
            or left_s <= 0
            or not await self._spread.is_denied(event, delivered.position, left_s)
        ):
            NOT_SEEN_DENIED.inc()
            return None
        seconds = time.monotonic() - started_s
        DENIED_SECONDS.observe(seconds)
        return round(seconds * 1000)


def _payload_of(item: EventIn) -> bytes:
    """Return what a person would look at; the form's nonce is no part of what was typed."""
    return item.model_dump_json(exclude_none=True, exclude={"nonce"}).encode()


def _troubles_of(outcome: Outcome, days: int, words: Texts) -> Troubles:
    refusal, review = outcome.refusal, outcome.review
    assert refusal is not None  # noqa: S101  # an outcome has an event or a refusal
    pointed = [str(one.get("pointer")) for one in _errors(refusal)]
    field = UNTIL if "/until" in pointed else _FIELDS.get(refusal.code, "")
    if field == UNTIL:
        return {UNTIL: words.say("wrong_until", days=str(days))}
    if field and review is not None:
        return {field: words.say(f"wrong_{field}", id=review.review_id.hex())}
    return {"": words.say("not_taken", reason=refusal.what(words.language))}


def _errors(refusal: RequestRefused) -> list[Mapping[str, object]]:
    found = refusal.extra.get("errors")
    return found if isinstance(found, list) else []
