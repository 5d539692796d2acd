"""Draws the forms of the desk, with what was typed and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

from producers.desk.choices import Choices, Option
from producers.desk.fields import NOT_NOW, UNTIL, Field, Group, Kind, Sheet, Troubles, Typed
from producers.desk.frame import hidden_field
from producers.desk.later import Later
from producers.page_texts import Texts

_WIDE: Final = 4096
"""Characters beyond which a field takes the whole width."""
_FIRST: Final = "number"
"""Where the cursor stands, unless something is wrong."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form to draw: which one, what was typed, what is wrong.

    `is_answer` = what was said about the last one stands above it, and is read with the cursor.
    """

    sheet: Sheet
    typed: Typed
    choices: Choices
    later: Later
    troubles: Troubles
    is_answer: bool = False

    @property
    def words(self) -> Texts:
        """The words of the form's language."""
        return self.choices.words

    @property
    def focus(self) -> str:
        """The field that the cursor stands in: the first one that is wrong."""
        names = [one.name for one in self.sheet.fields] + [UNTIL]
        return next((name for name in names if name in self.troubles), _FIRST)


def draw_form(form: Form) -> str:
    """Draw a form, with what is wrong above it."""
    sheet, words = form.sheet, form.words
    groups = "".join(_group(form, one) for one in sheet.groups)
    submit = f'<button class="first" type="submit">{words.html(f"submit_{sheet.name}")}</button>'
    # The first button of a form is the one that Enter presses.
    send = f'<div class="send">{submit}{_later(form) if sheet.has_not_now else ""}</div>'
    return (
        f"{_summary(form)}"
        f'<form method="post" action="{sheet.path}?lang={words.language}" novalidate '
        f'autocomplete="off">{hidden_field("nonce", form.typed.nonce)}{groups}{send}</form>'
    )


def _summary(form: Form) -> str:
    if not form.troubles:
        return ""
    named = [(name, text) for name, text in form.troubles.items() if name]
    items = "".join(
        f'<li><a href="#{name}">{_label(form.words, name)}</a>: {escape(text)}</li>'
        for name, text in named
    )
    head = form.words.html("errors", count=str(len(named))) if named else ""
    general = escape(form.troubles.get("", ""))
    return f'<div class="note" role="alert"><strong>{head}{general}</strong><ul>{items}</ul></div>'


def _group(form: Form, group: Group) -> str:
    row = f'<div class="row">{"".join(_field(form, one) for one in group.fields)}</div>'
    if not group.name:
        return row
    names = {one.name for one in group.fields}
    is_open = any(form.typed.get(name) or name in form.troubles for name in names)
    head = form.words.html(f"group_{group.name}")
    return f"<details{' open' if is_open else ''}><summary>{head}</summary>{row}</details>"


def _field(form: Form, one: Field) -> str:
    words, name = form.words, one.name
    hint_text = words.texts.get(f"hint_{name}", "")
    mark = "" if one.is_needed or one.kind is Kind.CHOICE else words.html("optional")
    optional = f' <span class="soft">{mark}</span>' if mark and name != "words" else ""
    wide = ' class="wide"' if one.most > _WIDE else ""
    hint = f'<span class="hint soft" id="{name}-hint">{escape(hint_text)}</span>'
    return (
        f'<div{wide}><label for="{name}">{_label(words, name)}{optional}</label>'
        f"{_control(form, one)}{hint if hint_text else ''}{_wrong(form, name)}</div>"
    )


def _control(form: Form, one: Field) -> str:
    shared = _attributes(form, one.name, is_needed=one.is_needed)
    value = escape(form.typed.get(one.name))
    if one.kind is Kind.CHOICE:
        return f"<select {shared}>{_options(form, one)}</select>"
    if one.kind is Kind.AREA:
        return f'<textarea {shared} rows="3">{value}</textarea>'
    keys = ' inputmode="tel"' if one.kind is Kind.NUMBER else ""
    return f'<input type="text" {shared} value="{value}" spellcheck="false"{keys}>'


def _attributes(form: Form, name: str, *, is_needed: bool = False) -> str:
    """Return what every control has: its name, what describes it, whether it is wrong."""
    is_wrong, is_first = name in form.troubles, name == form.focus
    about = [
        "said" if form.is_answer and is_first else "",
        f"{name}-hint" if f"hint_{name}" in form.words.texts or name == UNTIL else "",
        f"{name}-wrong" if is_wrong else "",
    ]
    found = f'id="{name}" name="{name}"'
    found += f' aria-describedby="{" ".join(filter(None, about))}"' if any(about) else ""
    found += ' aria-invalid="true"' if is_wrong else ""
    found += " required" if is_needed else ""
    return f"{found}{' autofocus' if is_first else ''}"


def _options(form: Form, one: Field) -> str:
    options = form.choices.options(one.choices or one.name)
    is_sole = one.is_needed and len(options) == 1
    chosen = options[0].value if is_sole else form.typed.get(one.name)
    none = "choose" if one.is_needed else f"any_{one.name}"
    first = "" if is_sole else f'<option value="">{form.words.html(none)}</option>'
    found = []
    for group, lines in groupby(options, lambda option: option.group):
        inner = "".join(_option(line, chosen) for line in lines)
        found.append(f'<optgroup label="{escape(group)}">{inner}</optgroup>' if group else inner)
    return first + "".join(found)


def _option(option: Option, chosen: str) -> str:
    mark = " selected" if option.value == chosen else ""
    return f'<option value="{escape(option.value)}"{mark}>{escape(option.label)}</option>'


def _later(form: Form) -> str:
    words, later = form.words, form.later
    value = escape(form.typed.get(UNTIL) or later.usual)
    hint = words.html("not_now_text", days=str(later.days))
    return (
        f'<div class="later"><p class="soft" id="{UNTIL}-hint">{hint}</p>'
        f'<div><label for="{UNTIL}">{words.html("until")}</label>'
        f'<input type="date" {_attributes(form, UNTIL)} value="{value}" min="{later.first}" '
        f'max="{later.last}">{_wrong(form, UNTIL)}</div>'
        f'<button type="submit" name="act" value="{NOT_NOW}">{words.html("not_now")}</button></div>'
    )


def _wrong(form: Form, name: str) -> str:
    text = form.troubles.get(name)
    return f'<span class="wrong" id="{name}-wrong">{escape(text)}</span>' if text else ""


def _label(words: Texts, name: str) -> str:
    return words.html("until" if name == UNTIL else f"label_{name}")
