"""Draws the preference page and the pages that answer its buttons."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

from consentlog.domain.scope import Scope, Scoped
from consentlog.domain.vocabulary import Purpose
from producers.pages import document
from producers.preference.choices import PARTS, Part
from producers.preference.standing import Standing, Standings
from producers.preference.wording import Wording


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a page is about: the entity's name, the number masked, and what the link refuses."""

    who: str
    number: str
    link: Scope


@dataclass(frozen=True, slots=True)
class Form:
    """What a form carries: the nonce that names the act, so that pressing twice is one act.

    `choice` is the button that was pressed; empty = what the link was made for.
    """

    nonce: str
    choice: str = ""


_SECTIONS: Final = (Purpose.MARKETING, Purpose.SERVICE)


def preferences(
    words: Wording, person: Person, standings: Standings, form: Form, agree_at: str | None
) -> str:
    """Draw the page itself: how things stand, and one button for each refusal.

    Args:
        words: Of the page's language.
        person: Whom it is about.
        standings: By line; a line that is missing shows its button alone.
        form: Its nonce goes into the form.
        agree_at: Address of the page to agree on; None where no code can be sent.
    """
    known = set(standings.values()) != {Standing.UNKNOWN}
    note = "" if known else f'<p class="note" role="status">{_text(words, "not_known")}</p>'
    sections = "".join(_section(words, purpose, standings) for purpose in _SECTIONS)
    body = (
        f'<p class="soft">{_about(words, person)}</p>{note}'
        f'<form method="post"><input type="hidden" name="nonce" value="{escape(form.nonce)}">'
        f"{_button(words.say('refuse_first'), 'marketing', first=True)}"
        f"{_narrow_button(words, person.link)}"
        f'<p class="soft">{_text(words, "one_step")}</p>{sections}'
        f"{_button(words.say('refuse_everything'), 'everything')}</form>"
    )
    return document(words.language, words.say("title"), body, _agree_link(words, agree_at))


def refused(words: Wording, person: Person, scope: Scoped, back_to: str) -> str:
    """Draw the answer to a refusal that is recorded.

    Args:
        words: Of the page's language.
        person: Whom it is about.
        scope: What was recorded, which can be more than was pressed.
        back_to: Address of the preference page.
    """
    text = words.say("done_text", who=person.who, number=person.number, what=words.scope(scope))
    body = f'<p class="done" role="status">{escape(text)}</p>'
    return document(words.language, words.say("done"), body, (_link(back_to, words, "back"),))


def failed(words: Wording, form: Form) -> str:
    """Draw the answer to a refusal that could not be recorded: the same button, the same act."""
    body = (
        f'<p class="note" role="alert">{_text(words, "failed_text")}</p>'
        f'<form method="post"><input type="hidden" name="nonce" value="{escape(form.nonce)}">'
        f"{_button(words.say('again'), form.choice, first=True)}</form>"
    )
    return document(words.language, words.say("failed"), body)


def wrong(words: Wording) -> str:
    """Draw the answer to every link that was not sealed here."""
    return document(
        words.language, words.say("wrong"), f'<p role="status">{_text(words, "wrong_text")}</p>'
    )


def _section(words: Wording, purpose: Purpose, standings: Standings) -> str:
    lines = "".join(_line(words, part, standings) for part in PARTS if part.purpose is purpose)
    head = f'<h2 id="{purpose}">{_text(words, purpose)}</h2>'
    return f'<section aria-labelledby="{purpose}">{head}<ul>{lines}</ul></section>'


def _line(words: Wording, part: Part, standings: Standings) -> str:
    standing = standings.get(part)
    said = f'<span class="{standing}">{_text(words, standing)}</span>' if standing else ""
    channel = _text(words, part.channel)
    button = _button(words.say(f"refuse_{part.id}"), part.id)
    return f"<li><p><strong>{channel}</strong>{said}</p>{button}</li>"


def _narrow_button(words: Wording, link: Scope) -> str:
    """Return a button for what a narrower link was made for: the person's own words are there."""
    part = link.campaign or link.brand
    return _button(words.say("refuse_link", part=part), "link") if part else ""


def _button(text: str, choice: str, *, first: bool = False) -> str:
    kind = ' class="first"' if first else ""
    return (
        f'<button{kind} type="submit" name="choice" value="{escape(choice)}">'
        f"{escape(text)}</button>"
    )


def _agree_link(words: Wording, agree_at: str | None) -> tuple[str, ...]:
    return () if agree_at is None else (_link(agree_at, words, "agree_link"),)


def _link(address: str, words: Wording, key: str) -> str:
    return f'<a href="{escape(address)}">{_text(words, key)}</a>'


def _about(words: Wording, person: Person) -> str:
    return escape(words.say("about", who=person.who, number=person.number))


def _text(words: Wording, key: str) -> str:
    return escape(words.say(key))
