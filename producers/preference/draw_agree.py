"""Draws the pages on which a person agrees: choose, enter the code, done.

Nothing is chosen beforehand, and no page of ours leads here but by a quiet link: a consent that
somebody was talked into is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from producers.pages import document
from producers.preference.choices import PARTS, Part
from producers.preference.draw import Form, Person
from producers.preference.wording import Wording


def choose(words: Wording, person: Person, back_to: str, trouble: str | None = None) -> str:
    """Draw the choice of what to agree to.

    Args:
        words: Of the page's language.
        person: Whom it is about.
        back_to: Address of the preference page.
        trouble: Key of the text that says why the last try led nowhere.
    """
    boxes = "".join(
        f'<label><input type="checkbox" name="part" value="{part.id}">'
        f"{_text(words, part.id)}</label>"
        for part in PARTS
    )
    body = (
        f"{_trouble(words, trouble)}<p>{escape(words.say('agree_text', number=person.number))}</p>"
        '<form method="post"><input type="hidden" name="step" value="send">'
        f"<fieldset><legend>{_text(words, 'choose')}</legend>{boxes}</fieldset>"
        f'<button class="first" type="submit">{_text(words, "send_code")}</button></form>'
    )
    return _page(words, person, "agree", body, back_to)


def enter(  # noqa: PLR0913  # what the page says, each once
    words: Wording,
    person: Person,
    parts: Sequence[Part],
    form: Form,
    back_to: str,
    trouble: str | None = None,
) -> str:
    """Draw the field for the code, under the words that the person agrees to.

    Args:
        words: Of the page's language.
        person: Whom it is about.
        parts: What the person agrees to.
        form: Its nonce names the act.
        back_to: Address of the preference page.
        trouble: Key of the text that says why the last try led nowhere.
    """
    chosen = "".join(f'<input type="hidden" name="part" value="{part.id}">' for part in parts)
    body = (
        f"{_trouble(words, trouble)}"
        f"<p>{escape(words.say('code_text', number=person.number))}</p>"
        '<form method="post"><input type="hidden" name="step" value="give">'
        f'<input type="hidden" name="nonce" value="{escape(form.nonce)}">{chosen}'
        f"<blockquote>{escape(consent_text(words, person, parts))}</blockquote>"
        f'<label class="above" for="code">{_text(words, "code")}</label>'
        f'<span id="hint" class="soft">{_text(words, "code_hint")}</span>'
        '<input type="text" id="code" name="code" inputmode="numeric" maxlength="12" '
        'autocomplete="one-time-code" aria-describedby="hint" required>'
        f'<button class="first" type="submit">{_text(words, "give")}</button></form>'
    )
    return _page(words, person, "agree", body, back_to)


def agreed(words: Wording, person: Person, parts: Sequence[Part], back_to: str) -> str:
    """Draw the answer to a consent that is recorded."""
    what = words.parts(parts)
    text = words.say("agreed_text", who=person.who, number=person.number, what=what)
    body = f'<p class="done" role="status">{escape(text)}</p>'
    return _page(words, person, "agreed", body, back_to)


def consent_text(words: Wording, person: Person, parts: Sequence[Part]) -> str:
    """Return the words that a person agrees to, exactly as the page shows them."""
    return words.say("consent", number=person.number, who=person.who, what=words.parts(parts))


def _page(words: Wording, person: Person, title: str, body: str, back_to: str) -> str:
    about = escape(words.say("about", who=person.who, number=person.number))
    link = f'<a href="{escape(back_to)}">{_text(words, "back")}</a>'
    html = f'<p class="soft">{about}</p>{body}'
    return document(words.language, words.say(title), html, (link,))


def _trouble(words: Wording, key: str | None) -> str:
    return "" if key is None else f'<p class="note" role="alert">{_text(words, key)}</p>'


def _text(words: Wording, key: str) -> str:
    return escape(words.say(key))
