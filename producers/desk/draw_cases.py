"""Draws what waits for a person: the list, one case with what can be decided of it, the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from consentlog.domain.registry import Registry
from consentlog.explain.wording import word
from consentlog.observability.masking import mask, mask_text
from consentlog.wire.instants import write_utc
from producers.desk.tabs import CASES
from producers.page_texts import Texts
from producers.reviews.case import Case, Decided
from producers.reviews.decide import Done
from producers.reviews.shapes import Verdict
from producers.reviews.verdict import fitting

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
_WAITS: Final = re.compile(r"a (?:spoken )?(\w+) waits for a second person, proposed by (.+)")
"""The sentence of such a case, as `producers.accept` makes it."""
_AGES: Final = (("age_days", _DAY_MS), ("age_hours", _HOUR_MS), ("age_minutes", _MINUTE_MS))


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page of cases is drawn with; `now_ms` = what ages are told by."""

    words: Texts
    registry: Registry
    entities: Sequence[str]
    now_ms: int

    def age(self, case: Case) -> str:
        """Say how old a case is, in its largest unit."""
        age_ms = max(0, self.now_ms - case.opened.opened_at_ms)
        key, unit = next((one for one in _AGES if age_ms >= one[1]), _AGES[-1])
        return self.words.say(key, count=str(age_ms // unit))

    def reason(self, case: Case) -> str:
        """Say why somebody must look."""
        reason = case.opened.reason.value
        return self.words.texts.get(f"reason_{reason}", reason)

    def detail(self, case: Case) -> str:
        """Say more of it, in the page's language where it has the words; numbers are masked."""
        detail = case.opened.detail
        waits = _WAITS.fullmatch(detail)
        if waits is None or f"waits_{waits[1]}" not in self.words.texts:
            return mask_text(word(self.words.language, "detail", detail))
        return mask_text(self.words.say(f"waits_{waits[1]}", who=waits[2]))

    def name_of(self, entity: str) -> str:
        """Return what an entity is called."""
        row = self.registry.entities.get(entity)
        return (row.names.get(self.words.language) if row else None) or entity

    def at(self, path: str = "", more: str = "") -> str:
        """Return an address below the list's, as an attribute."""
        return escape(f"{CASES.path}{path}?lang={self.words.language}{more}")


def draw_list(desk: Desk, cases: Sequence[Case], after: str | None) -> str:
    """Draw open cases, the oldest first; `after` = where the next page begins."""
    words = desk.words
    if not cases:
        return f'<p role="status">{words.html("no_cases")}</p>'
    items = "".join(_line(desk, case) for case in cases)
    more = "" if after is None else _link(desk.at("", f"&after={after}"), words.say("more_cases"))
    return f'<ul class="cases">{items}</ul>{more}'


def draw_case(desk: Desk, case: Case, *, may_decide: bool, reason: str = "") -> str:
    """Draw one case, and what can be decided of it.

    Args:
        desk: What it is drawn with.
        case: The case; numbers in it are masked.
        may_decide: Whether the clerk may take and decide it.
        reason: What was typed already.
    """
    rows = "".join(
        f"<dt>{desk.words.html(key)}</dt><dd>{escape(value)}</dd>"
        for key, value in _facts(desk, case)
    )
    came_in = mask_text(case.opened.payload.decode("utf-8", "replace"))
    payload = (
        f"<h2>{desk.words.html('came_in')}</h2><pre>{escape(came_in)}</pre>" if came_in else ""
    )
    forms = _forms(desk, case, reason) if may_decide else ""
    return f"<dl>{rows}</dl>{payload}{forms}{back_link(desk)}"


def draw_decided(desk: Desk, decided: Decided) -> str:
    """Draw what was decided of a case before."""
    at = "" if decided.at_ms is None else write_utc(decided.at_ms)
    text = desk.words.html(
        "was_decided", decision=verdict_text(desk.words, decided.decision), by=decided.by, at=at
    )
    return f'<p class="said done" id="said" role="status">{text}</p>{back_link(desk)}'


def draw_done(desk: Desk, done: Done) -> str:
    """Draw the answer to a decision, with the acts that follow from it."""
    words = desk.words
    rows = "".join(
        f"<dt>{words.html(f'act_{event.fact.action}')}</dt><dd>{event.fact.event_id.hex()}</dd>"
        for event, _ in done.events
    )
    said = f"<strong>{escape(verdict_text(words, done.decided.decision))}</strong><dl>{rows}</dl>"
    return f'<div class="said done" id="said" role="status">{said}</div>{back_link(desk)}'


def back_link(desk: Desk) -> str:
    """Draw the way back to the list."""
    return _link(desk.at(), desk.words.say("all_cases"))


def verdict_text(words: Texts, decision: str) -> str:
    """Say what was decided."""
    return words.texts.get(f"verdict_{decision}", decision)


def _link(address: str, text: str) -> str:
    return f'<p><a href="{address}">{escape(text)}</a></p>'


def _line(desk: Desk, case: Case) -> str:
    facts = [one for key, one in _facts(desk, case) if key in ("case_owner", "said_number")]
    who = escape(" · ".join([desk.age(case), *facts]))
    link = f'<a href="{desk.at("/" + case.opened.review_id.hex())}">{escape(desk.reason(case))}</a>'
    detail = escape(desk.detail(case))
    return f'<li><strong>{link}</strong> <span class="soft">{who}</span><br>{detail}</li>'


def _facts(desk: Desk, case: Case) -> list[tuple[str, str]]:
    opened = case.opened
    found = [
        ("case_reason", desk.reason(case)),
        ("case_age", desk.age(case)),
        ("case_owner", mask_text(case.owner)),
        ("said_number", "" if opened.subject is None else mask(opened.subject)),
        ("said_who", "" if opened.entity is None else desk.name_of(opened.entity)),
        ("case_source", opened.source),
        ("case_detail", desk.detail(case)),
        ("said_event", "" if opened.event_id is None else opened.event_id.hex()),
        ("said_review", opened.review_id.hex()),
    ]
    return [(key, value) for key, value in found if value]


def _forms(desk: Desk, case: Case, reason: str) -> str:
    words, own = desk.words, f"/{case.opened.review_id.hex()}"
    verdicts = fitting(case.opened)
    asks = _asks(desk, case) if Verdict.REFUSED in verdicts else ""
    buttons = "".join(
        f'<button type="submit" name="decision" value="{one}">'
        f"{escape(verdict_text(words, one))}</button>"
        for one in verdicts
    )
    return (
        f'<form class="narrow" method="post" action="{desk.at(own + "/owner")}">'
        f'<button type="submit">{words.html("take")}</button></form>'
        f'<form method="post" action="{desk.at(own)}" autocomplete="off">{asks}'
        f'<label for="why">{words.html("why")}</label>'
        f'<textarea id="why" name="why" rows="3" maxlength="2000" required>{escape(reason)}'
        f'</textarea><div class="row decide">{buttons}</div></form>'
    )


def _asks(desk: Desk, case: Case) -> str:
    """Ask for what a refusal would need and the case does not know."""
    words, asked = desk.words, ""
    if case.opened.subject is None:
        asked += (
            f'<div><label for="number">{words.html("label_number")} '
            f'<span class="soft">{words.html("for_refusal")}</span></label>'
            '<input type="text" id="number" name="number" inputmode="tel"></div>'
        )
    if case.opened.entity is None:
        lines = "".join(
            f'<option value="{escape(one)}">{escape(desk.name_of(one))}</option>'
            for one in desk.entities
        )
        asked += (
            f'<div><label for="entity">{words.html("label_entity")} '
            f'<span class="soft">{words.html("for_refusal")}</span></label>'
            f'<select id="entity" name="entity"><option value="">{words.html("choose")}</option>'
            f"{lines}</select></div>"
        )
    return f'<div class="row">{asked}</div>' if asked else ""
