"""What a clerk has to say beside the button that imports a list: its zone, that it really is so."""

from __future__ import annotations

from html import escape

from producers.page_texts import Texts
from producers.uploads.upload import Upload

ZONE = "zone"
UNREADABLE = "unreadable"
"""Fields of the form, and ids of what was left out in it."""


def draw_zone(upload: Upload, words: Texts, typed: str, *, is_wrong: bool) -> str:
    """Draw the field for the zone of dates without an offset.

    Args:
        upload: The list.
        words: Of the page.
        typed: What stands in it.
        is_wrong: Whether that is none.
    """
    count = f"{upload.counts.get('without_zone', 0):,}"
    about = _about(ZONE, is_wrong=is_wrong)
    return (
        f'<p class="note">{words.html("needs_zone", count=count)}</p>'
        f'<label for="zone">{words.html("label_zone")}</label>'
        f'<input type="text" id="zone" name="{ZONE}" value="{escape(typed)}" required '
        f'spellcheck="false" aria-describedby="zone-hint{about} autofocus>'
        f'<span class="hint soft" id="zone-hint">{words.html("hint_zone")}</span>'
        f"{_wrong(words, ZONE, is_wrong=is_wrong)}"
    )


def draw_unreadable(
    upload: Upload, words: Texts, *, is_said: bool, is_wrong: bool, is_first: bool
) -> str:
    """Draw the question whether a list really is so of which much cannot be read.

    Args:
        upload: The list.
        words: Of the page.
        is_said: Whether it was said.
        is_wrong: Whether the list was to be imported without that.
        is_first: Whether nothing before it has to be typed.
    """
    count, rows = f"{upload.counts['unreadable']:,}", f"{upload.rows:,}"
    text = words.html("many_unreadable", count=count, rows=rows)
    more = (" checked" if is_said else "") + (" autofocus" if is_first else "")
    return (
        f'<p class="note" id="unreadable-hint">{text}</p>'
        f'<label for="unreadable"><input type="checkbox" id="unreadable" name="{UNREADABLE}" '
        f'value="yes" required aria-describedby="unreadable-hint'
        f"{_about(UNREADABLE, is_wrong=is_wrong)}{more}> "
        f"{words.html('label_unreadable')}</label>{_wrong(words, UNREADABLE, is_wrong=is_wrong)}"
    )


def _about(field: str, *, is_wrong: bool) -> str:
    """End the attribute that says what describes a field."""
    return f' {field}-wrong" aria-invalid="true"' if is_wrong else '"'


def _wrong(words: Texts, field: str, *, is_wrong: bool) -> str:
    text = words.html(f"wrong_{field}")
    return f'<span class="wrong" id="{field}-wrong">{text}</span>' if is_wrong else ""
