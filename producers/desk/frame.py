"""Frames the pages of the desk: tabs and clerk above, and the pages that stand before the forms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from consentlog.errors import Language
from producers.desk.clerk import Clerk
from producers.desk.style import DESK_LOOK
from producers.desk.wording import wording
from producers.page_texts import Texts
from producers.pages import document, page_response

SIGN_IN_AT: Final = "/desk/sign-in"
SIGN_OUT_AT: Final = "/desk/sign-out"


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: where it is, and what a key must have to see it."""

    name: str
    path: str
    scope: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page of the desk: who is there, which tabs, which one is open."""

    language: Language
    clerk: Clerk | None = None
    tabs: tuple[Tab, ...] = ()
    open_tab: str = ""

    @property
    def words(self) -> Texts:
        """The words of its language."""
        return wording(self.language)

    def page(
        self,
        title: str,
        body: str,
        status: int = 200,
        retry_after_s: int | None = None,
        *,
        refresh_s: int = 0,
    ) -> HTMLResponse:
        """Answer with a page.

        Args:
            title: As text.
            body: As HTML.
            status: HTTP status.
            retry_after_s: When to come back, seconds; None if there is nothing to wait for.
            refresh_s: After how many seconds the page comes anew by itself; 0 = never.
        """
        look = replace(DESK_LOOK, refresh_s=refresh_s)
        html = document(
            self.language, title, f'<div class="desk">{body}</div>', above=self._above(), look=look
        )
        return page_response(html, self.language, status, retry_after_s, look)

    def _above(self) -> str:
        words, clerk = self.words, self.clerk
        brand = f"<strong>{words.html('brand_name')}</strong>"
        if clerk is None:
            return f"<header>{brand}</header>"
        links = "".join(self._link(one) for one in self.tabs if clerk.may(one.scope))
        who = words.html("clerk", clerk=clerk.id, source=clerk.principal.source.id)
        return (
            f'<header>{brand}<nav aria-label="{words.html("tabs")}">{links}</nav>'
            f'<form method="post" action="{SIGN_OUT_AT}?lang={self.language}">'
            f'<span class="soft">{who}</span>'
            f'<button type="submit">{words.html("sign_out")}</button></form></header>'
        )

    def _link(self, tab: Tab) -> str:
        here = ' aria-current="page"' if tab.name == self.open_tab else ""
        text = self.words.html(f"tab_{tab.name}")
        return f'<a href="{tab.path}?lang={self.language}"{here}>{text}</a>'


def sign_in(
    frame: Frame,
    status: int = 200,
    trouble: str = "",
    kept: Iterable[tuple[str, str]] = (),
    retry_after_s: int | None = None,
) -> HTMLResponse:
    """Answer with the form to sign in.

    Args:
        frame: Without a clerk.
        status: HTTP status.
        trouble: Key of the text that says why there is no session.
        kept: What was typed into a form of the desk before, so that it is not lost.
        retry_after_s: When to try again, seconds.
    """
    words = frame.words
    told = f'<p class="note" role="alert">{words.html(trouble)}</p>' if trouble else ""
    hidden = "".join(hidden_field(name, value) for name, value in kept)
    body = (
        f"{told}<p>{words.html('sign_in_text')}</p>"
        f'<form class="narrow" method="post" action="{SIGN_IN_AT}?lang={frame.language}">{hidden}'
        f'<label for="key">{words.html("key")}</label>'
        '<input type="password" id="key" name="key" autocomplete="current-password" '
        'spellcheck="false" required autofocus>'
        f'<button class="first" type="submit">{words.html("sign_in_button")}</button></form>'
    )
    return frame.page(words.say("sign_in"), body, status, retry_after_s)


def turned_away(frame: Frame) -> HTMLResponse:
    """Answer a form that came from another place."""
    words = frame.words
    body = (
        f'<p class="note" role="alert">{words.html("foreign_text")}</p>'
        f'<p><a href="/desk?lang={frame.language}">{words.html("back")}</a></p>'
    )
    return frame.page(words.say("foreign"), body, 403)


def may_not(frame: Frame, scope: str) -> HTMLResponse:
    """Answer a clerk whose key lacks a scope."""
    words = frame.words
    text = words.html("may_not_text", scope=scope)
    return frame.page(words.say("may_not"), f'<p class="note" role="alert">{text}</p>', 403)


def hidden_field(name: str, value: str) -> str:
    """Draw a field that is not seen."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
