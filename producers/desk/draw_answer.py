"""Draws what became of an act, above the form for the next one."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from consentlog.domain.events import ConsentEvent
from consentlog.domain.vocabulary import Action, Channel, HoldKind
from consentlog.observability.masking import mask
from consentlog.wire.reviews import ReviewReason
from producers.desk.choices import Choices
from producers.desk.fields import UNTIL, Typed
from producers.outcome import Outcome
from producers.page_texts import Texts
from producers.preference.wording import wording as preference_wording


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one act: `denied_ms` = from the submission to the gate's denial, if seen."""

    outcome: Outcome
    event: ConsentEvent
    typed: Typed
    denied_ms: int | None = None


class _Said(NamedTuple):
    """A headline, and what it means if it does not say it; `is_done` = nothing to wait for."""

    head: str
    text: str
    is_done: bool


def draw_answer(answer: Answer, choices: Choices) -> tuple[str, str]:
    """Draw an answer.

    Args:
        answer: What became of the act.
        choices: Knows what an entity is called.

    Returns:
        The title of the page as text, which says it all, and the rest as HTML.
    """
    words, fact = choices.words, answer.event.fact
    said = _said(answer, words)
    rows = [
        ("said_number", mask(answer.event.subject)),
        ("said_who", choices.name_of(fact.entity)),
        ("said_event", fact.event_id.hex()),
    ]
    if fact.action is not Action.CORRECTED:
        rows.insert(2, ("said_what", preference_wording(words.language).scope(fact)))
    if answer.outcome.review is not None:
        rows.append(("said_review", answer.outcome.review.review_id.hex()))
    list_ = "".join(f"<dt>{words.html(key)}</dt><dd>{escape(value)}</dd>" for key, value in rows)
    kind = "done" if said.is_done else "note"
    text = f"<p>{escape(said.text)}</p>" if said.text else ""
    body = f'<div class="said {kind}" id="said" role="status">{text}<dl>{list_}</dl></div>'
    return said.head, body


def _said(answer: Answer, words: Texts) -> _Said:
    fact, review = answer.event.fact, answer.outcome.review
    if review is not None and review.reason is ReviewReason.NEEDS_APPROVAL:
        kind = "consent" if fact.action is Action.GRANTED else "correct"
        return _Said(words.say("waiting"), words.say(f"waiting_{kind}"), is_done=False)
    if fact.action is Action.HELD and fact.hold_kind is not HoldKind.NOT_NOW:
        return _Said(words.say("kept_back"), words.say("kept_back_text"), is_done=False)
    if fact.action not in (Action.REFUSED, Action.HELD):
        return _Said(words.say("taken"), "", is_done=True)
    return _of_refusal(answer, words)


def _of_refusal(answer: Answer, words: Texts) -> _Said:
    fact, is_held = answer.event.fact, answer.event.fact.action is Action.HELD
    kind = "held" if is_held else "denied"
    if answer.denied_ms is None:
        return _Said(words.say(f"{kind}_unseen"), words.say("unseen_text"), is_done=False)
    way = "sms" if fact.channel is Channel.SMS else "voice"
    text = words.say("held_text", date=answer.typed.get(UNTIL)) if is_held else ""
    head = words.say(f"{kind}_{way}", ms=str(answer.denied_ms))
    return _Said(head, text, is_done=True)
