"""Draws the form that a list is handed in with, and the lists that are here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final

from consentlog.observability.masking import mask_text
from producers.desk.choices import Choices, Option
from producers.imports.terms import BASES, LONGEST_LIST_NAME
from producers.page_texts import Texts
from producers.uploads.terms import FIELDS, TypedTerms
from producers.uploads.upload import Upload

AT: Final = "/desk/import"
_MORE: Final = ("column", "sheet", "region")
_NEEDED: Final = ("file", "list")
_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ListForm:
    """The form to draw: what can be chosen, what was typed, what is wrong with it.

    The trouble without a name is the list's, or the form's as a whole.
    """

    choices: Choices
    words: Texts
    max_bytes: int
    region: str
    typed: TypedTerms = TypedTerms({})  # noqa: RUF009  # frozen
    troubles: Mapping[str, str] = field(default_factory=dict)

    @property
    def focus(self) -> str:
        """The field that the cursor stands in: the first one that is wrong."""
        return next((name for name in FIELDS if name in self.troubles), "file")


def draw_form(form: ListForm) -> str:
    """Draw the form, with what is wrong above it."""
    words = form.words
    limit = words.html("limits", mib=f"{form.max_bytes / _MIB:,.0f}")
    first = _row(form, ("file", "list"))
    second = _row(form, ("entity", "basis", "zone"))
    is_open = any(form.typed.get(name) or name in form.troubles for name in _MORE)
    more = (
        f"<details{' open' if is_open else ''}><summary>{words.html('group_more')}</summary>"
        f"{_row(form, _MORE)}</details>"
    )
    return (
        f'<p class="soft">{words.html("intro")} {limit}</p>{_summary(form)}'
        f'<form method="post" action="{AT}?lang={words.language}" enctype="multipart/form-data" '
        f'novalidate autocomplete="off">{first}{second}{more}'
        f'<button class="first" type="submit">{words.html("submit")}</button></form>'
    )


def draw_lists(
    uploads: Iterable[Upload],
    state_of: Mapping[str, str],
    words: Texts,
    keep_days: int,
    damaged: Iterable[str] = (),
) -> str:
    """Draw the lists of a source.

    Args:
        uploads: The lists.
        state_of: Key of the text that says how each stands, by id.
        words: Of the page.
        keep_days: How long finished ones stay.
        damaged: Ids of lists that nobody can say more of; they may be another source's.
    """
    items = "".join(
        f'<li><a href="{AT}/{one.id}?lang={words.language}">{name_of(one, words)}</a> '
        f'<span class="soft">{words.html(state_of[one.id])}</span></li>'
        for one in uploads
    )
    items += "".join(f"<li>{words.html('damaged', id=one)}</li>" for one in damaged)
    shown = f"<ul>{items}</ul>" if items else f"<p>{words.html('no_lists')}</p>"
    kept = words.html("kept", days=str(keep_days))
    return (
        f'<section aria-labelledby="lists"><h2 id="lists">{words.html("lists")}</h2>{shown}'
        f'<p class="soft">{kept}</p></section>'
    )


def name_of(upload: Upload, words: Texts) -> str:
    """Return what a list is called, as HTML; a number in a name is masked."""
    names = {"list": mask_text(upload.list_name), "file": mask_text(upload.file_name)}
    return words.html("list_of", **names)


def _summary(form: ListForm) -> str:
    if not form.troubles:
        return ""
    named = [(name, text) for name, text in form.troubles.items() if name]
    items = "".join(
        f'<li><a href="#{name}">{form.words.html(f"label_{name}")}</a>: {escape(text)}</li>'
        for name, text in named
    )
    head = form.words.html("errors", count=str(len(named))) if named else ""
    general = escape(form.troubles.get("", ""))
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<div class="note" role="alert"><strong>{head}{general}</strong>{listed}</div>'


def _row(form: ListForm, names: tuple[str, ...]) -> str:
    return f'<div class="row">{"".join(_field(form, name) for name in names)}</div>'


def _field(form: ListForm, name: str) -> str:
    words = form.words
    is_chosen = name in ("entity", "basis")
    mark = "" if name in _NEEDED or is_chosen else f' <span class="soft">{words.html("optional")}'
    hint = words.texts.get(f"hint_{name}", "")
    wrong = form.troubles.get(name, "")
    shown_hint = f'<span class="hint soft" id="{name}-hint">{escape(hint)}</span>' if hint else ""
    shown_wrong = f'<span class="wrong" id="{name}-wrong">{escape(wrong)}</span>' if wrong else ""
    label = f'<label for="{name}">{words.html(f"label_{name}")}{mark}{"</span>" if mark else ""}'
    return f"<div>{label}</label>{_control(form, name)}{shown_hint}{shown_wrong}</div>"


def _control(form: ListForm, name: str) -> str:
    shared = _attributes(form, name)
    if name == "file":
        return f'<input type="file" {shared} accept=".csv,.xlsx,.txt,.tsv">'
    if name in ("entity", "basis"):
        return f"<select {shared}>{_options(form, name)}</select>"
    value = escape(form.typed.get(name) or (form.region if name == "region" else ""))
    most = f' maxlength="{LONGEST_LIST_NAME}"' if name == "list" else ""
    return f'<input type="text" {shared} value="{value}" spellcheck="false"{most}>'


def _attributes(form: ListForm, name: str) -> str:
    is_wrong = name in form.troubles
    about = [
        f"{name}-hint" if f"hint_{name}" in form.words.texts else "",
        f"{name}-wrong" if is_wrong else "",
    ]
    found = f'id="{name}" name="{name}"'
    found += f' aria-describedby="{" ".join(filter(None, about))}"' if any(about) else ""
    found += ' aria-invalid="true"' if is_wrong else ""
    found += " required" if name in _NEEDED else ""
    return f"{found}{' autofocus' if name == form.focus else ''}"


def _options(form: ListForm, name: str) -> str:
    words, chosen = form.words, form.typed.get(name)
    options = form.choices.options("entity")
    if name == "basis":
        options = tuple(Option(one, words.say(f"basis_{one}")) for one in BASES[1:])
    elif len(options) == 1 and not form.typed.values:
        chosen = options[0].value
    first = f'<option value="">{words.html(f"any_{name}")}</option>'
    return first + "".join(
        f'<option value="{escape(one.value)}"{" selected" if one.value == chosen else ""}>'
        f"{escape(one.label)}</option>"
        for one in options
    )
