"""Draws the page of one list: its counts before, how far it is, what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from consentlog.errors import ConsentLogError
from consentlog.observability.masking import mask_text
from producers.desk.choices import Choices
from producers.page_texts import Texts
from producers.uploads.draw_confirm import UNREADABLE, ZONE, draw_unreadable, draw_zone
from producers.uploads.draw_form import AT
from producers.uploads.runs import Work
from producers.uploads.upload import State, Upload

REFRESH_S: Final = 2
_COUNTS: Final = ("rows", "valid", "duplicates", "quarantined", "without_zone", "would_loosen")
_GO: Final = {
    State.LOOKED: "go_import",
    State.RUNNING: "go_on",
    State.STOPPED: "go_on",
    State.READING: "go_look",
}
"""The button that goes on, by state; without one there is nothing to go on with."""
_ALWAYS: Final = ("rows", "valid", "recorded")
_SENT: Final = ("recorded", "held", "review", "lost", "undated")


@dataclass(frozen=True, slots=True)
class UploadPage:
    """One list to draw; `work` = what this process is doing to it, `is_still` = does not refresh.

    `wrong` are fields beside the button that have to be put right; `zone` and `is_said` (that the
    list really is so) what was sent of them. `trouble` = why it cannot be done now.
    """

    upload: Upload
    work: Work | None
    choices: Choices
    words: Texts
    has_errors: bool
    is_still: bool = False
    wrong: frozenset[str] = frozenset()
    zone: str = ""
    is_said: bool = False
    trouble: str = ""

    @property
    def stands(self) -> str:
        """How it stands: its state, or that it was interrupted."""
        return stands(self.upload, self.work)

    @property
    def refresh_s(self) -> int:
        """Seconds after which the page comes anew; 0 = never."""
        return 0 if self.work is None or self.is_still else REFRESH_S

    @property
    def title(self) -> str:
        """The page's title."""
        return self.words.say(f"title_{self.stands}")


def stands(upload: Upload, work: Work | None) -> str:
    """Return how a list stands, as the end of a key of its text."""
    if work is None and upload.state in (State.READING, State.RUNNING):
        return "interrupted"
    return upload.state.value


def draw_upload(page: UploadPage) -> str:
    """Draw a list."""
    parts = [_trouble(page), _progress(page), _results(page), _act(page), _about(page)]
    back = f'<p><a href="{AT}?lang={page.words.language}">{page.words.html("back")}</a></p>'
    return f"{''.join(parts)}{back}"


def _trouble(page: UploadPage) -> str:
    words, error = page.words, page.upload.error
    text = page.trouble
    if not text and page.stands == "interrupted":
        text = words.say("interrupted_text")
    if not text and error is not None:
        text = told(error, words)
    return f'<p class="note" role="alert">{escape(text)}</p>' if text else ""


def told(error: ConsentLogError, words: Texts) -> str:
    """Say what went wrong, what to do, and the code; numbers are masked."""
    does = words.texts.get(f"do_{error.code.removeprefix('CL-')}") or error.do(words.language)
    return f"{mask_text(error.what(words.language))} {does} ({error.code})"


def _progress(page: UploadPage) -> str:
    words, work = page.words, page.work
    if work is None:
        return ""
    done = f"{work.done:,}"
    if page.upload.state is State.READING:
        bar = f'<progress aria-label="{words.html("progress")}"></progress>'
        shown = words.html("reading_so_far", done=done)
    else:
        rows = max(page.upload.rows, work.done, 1)
        percent = str(work.done * 100 // rows)
        shown = words.html("so_far", done=done, rows=f"{rows:,}", percent=percent)
        bar = (
            f'<progress aria-label="{words.html("progress")}" max="{rows}" value="{work.done}">'
            f"{percent} %</progress>"
        )
    again = f"{AT}/{page.upload.id}?lang={words.language}"
    other = (
        f'<a href="{again}">{words.html("moving")}</a> '
        f'<a href="{again}&amp;still=1">{words.html("now")}</a>'
        if page.is_still
        else f'{words.html("refreshes")} <a href="{again}&amp;still=1">{words.html("still")}</a>'
    )
    return f'{bar}<p role="status" id="so-far">{shown}</p><p class="soft">{other}</p>'


def _act(page: UploadPage) -> str:
    """Draw what can be done: import, go on, read again; or discard."""
    words, upload = page.words, page.upload
    if page.work is not None:
        return ""
    go = _GO.get(upload.state, "")
    said = _to_say(page) if go == "go_import" else ""
    button = (
        _button(words, go, "go", 'class="first"' + ("" if said else " autofocus")) if go else ""
    )
    start = _form(page, f"{said}{button}") if go else ""
    if upload.state is State.FINISHED:
        return start
    text = f'<p class="soft">{words.html("discard_text")}</p>'
    return start + _form(page, f"{_button(words, 'discard', 'discard')}{text}")


def _form(page: UploadPage, inner: str) -> str:
    at = f"{AT}/{page.upload.id}?lang={page.words.language}"
    return f'<form class="narrow" method="post" action="{at}" novalidate>{inner}</form>'


def _button(words: Texts, text: str, act: str, more: str = "") -> str:
    return f'<button type="submit" name="act" value="{act}" {more}>{words.html(text)}</button>'


def _to_say(page: UploadPage) -> str:
    """Draw what has to be said before a list is imported."""
    upload, words, wrong = page.upload, page.words, page.wrong
    found = ""
    if upload.needs_zone:
        found += draw_zone(upload, words, page.zone, is_wrong=ZONE in wrong)
    if upload.has_many_unreadable:
        found += draw_unreadable(
            upload,
            words,
            is_said=page.is_said,
            is_wrong=UNREADABLE in wrong,
            is_first=not found,
        )
    return found


def _results(page: UploadPage) -> str:
    words, upload = page.words, page.upload
    sent: Mapping[str, int] = upload.sent
    if page.work is not None and page.work.run is not None and page.work.run.counts:
        sent = json.loads(page.work.run.counts)
    found = ""
    if sent or upload.state is State.FINISHED:
        found += _counted(words, "what_comes", _rows(words, "sent", _SENT, sent))
    if page.has_errors:
        at = f"{AT}/{upload.id}/errors.csv"
        found += (
            f'<p><a href="{at}" download>{words.html("errors_csv")}</a> '
            f'<span class="soft">{words.html("errors_text")}</span></p>'
        )
    if upload.counts:
        odd = [name for name in upload.findings if name != "would_loosen"]
        rows = _rows(words, "count", _COUNTS, upload.counts)
        rows += _rows(words, "found", odd, upload.findings)
        found += _counted(words, "counts", rows)
    return found


def _rows(
    words: Texts, kind: str, names: Iterable[str], counts: Mapping[str, int]
) -> list[tuple[str, str]]:
    return [
        (words.say(f"{kind}_{name}"), f"{counts.get(name, 0):,}")
        for name in names
        if counts.get(name) or name in _ALWAYS
    ]


def _counted(words: Texts, head: str, rows: Iterable[tuple[str, str]]) -> str:
    return f'<h2>{words.html(head)}</h2><div class="counts" id="{head}">{_listed(rows)}</div>'


def _about(page: UploadPage) -> str:
    words, upload = page.words, page.upload
    none = words.say("none")
    rows = [
        ("about_file", mask_text(upload.file_name)),
        ("about_read_as", mask_text(upload.read_as) or "…"),
        ("about_list", mask_text(upload.list_name)),
        ("about_entity", page.choices.name_of(upload.entity) if upload.entity else none),
        ("about_basis", words.say(f"basis_{upload.basis}")),
        ("about_zone", upload.zone or none),
        ("about_region", upload.region or none),
        ("about_clerk", upload.clerk),
    ]
    found = _listed((words.say(key), text) for key, text in rows)
    if not upload.columns:
        return found
    columns = (
        (words.say(f"column_{name}"), _column(words, at)) for name, at in upload.columns.items()
    )
    return f"{found}<h2>{words.html('columns_found')}</h2>{_listed(columns)}"


def _column(words: Texts, called: str) -> str:
    return words.say("first_column", place=called) if called.isdecimal() else mask_text(called)


def _listed(rows: Iterable[tuple[str, str]]) -> str:
    items = "".join(f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>" for key, text in rows)
    return f"<dl>{items}</dl>" if items else ""
