"""The frame of every page: one small document without script or outside assets, for a phone first.

A page's own words are its own; the frame owns style, language link, and the headers that keep a
page to itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse

from consentlog.errors import Language
from consentlog.http.described import Answers, problems

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1a1a1a;--soft:#555;--paper:#fff;--card:#f4f5f7;--line:#80868b;
--act:#0b57d0;--act-ink:#fff;--good:#0b6b2e;--warn:#8a4b00}
@media (prefers-color-scheme:dark){
:root{--ink:#eee;--soft:#bbb;--paper:#161616;--card:#222427;--line:#8e949a;--act:#a8c7fa;
--act-ink:#062e6f;--good:#8bd8a3;--warn:#f5c078}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
h1{font-size:1.5rem;line-height:1.3;margin:0 0 .5rem}
h2{font-size:1.125rem;margin:0 0 .25rem}
p{margin:.5rem 0}
.soft{color:var(--soft)}
.note{border-left:.25rem solid var(--warn);padding:.25rem .75rem}
.done{border-left:.25rem solid var(--good);padding:.25rem .75rem}
section{background:var(--card);border-radius:.75rem;padding:1rem;margin:1rem 0}
ul{list-style:none;margin:0;padding:0}
li{padding:.75rem 0}
li+li{border-top:1px solid var(--line)}
li p{display:flex;justify-content:space-between;gap:.25rem 1rem;flex-wrap:wrap;margin:0 0 .5rem}
form{margin-top:1rem}
.refused,.held,.no-consent{color:var(--good)}
.open,.partly,.unknown{color:var(--warn)}
button{width:100%;min-height:3rem;padding:.625rem .75rem;border:2px solid var(--act);
border-radius:.5rem;background:transparent;color:var(--act);font:inherit;font-weight:600;
cursor:pointer}
button.first{background:var(--act);color:var(--act-ink)}
button+button{margin-top:.75rem}
fieldset{border:1px solid var(--line);border-radius:.5rem;margin:1rem 0;padding:.5rem 1rem}
legend{padding:0 .25rem;font-weight:600}
label{display:flex;gap:.75rem;align-items:center;min-height:2.75rem}
label.above{display:block;min-height:0;font-weight:600;margin-top:1rem}
input[type=checkbox]{width:1.375rem;height:1.375rem;accent-color:var(--act);flex:none}
input[type=text]{width:100%;min-height:3rem;padding:.5rem .75rem;margin:.25rem 0 1rem;
border:2px solid var(--line);border-radius:.5rem;background:var(--paper);color:var(--ink);
font:inherit;font-size:1.375rem;letter-spacing:.25em}
blockquote{margin:1rem 0;padding:.25rem .75rem;border-left:.25rem solid var(--line)}
nav{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;margin-top:1.5rem}
nav a{display:inline-block;padding:.5rem 0}
a{color:var(--act)}
:focus-visible{outline:3px solid var(--act);outline-offset:3px}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """How the pages of a room look and what they say of themselves.

    `style` comes after the frame's own. `tells_origin` lets the browser say to this place, and to
    no other, from which page of it a form comes. `refresh_s` = seconds after which a page comes
    anew by itself; 0 = never.
    """

    style: str = ""
    tells_origin: bool = False
    refresh_s: int = 0

    @property
    def head(self) -> str:
        """What it adds to a document's head, as HTML."""
        # The header says no-referrer, and with that a browser hides the origin of a form too.
        referrer = '<meta name="referrer" content="same-origin">' if self.tells_origin else ""
        again = f'<meta http-equiv="refresh" content="{self.refresh_s}">' if self.refresh_s else ""
        return f"{referrer}{again}<style>{_STYLE}{self.style}</style>"

    @property
    def policy(self) -> str:
        """The Content-Security-Policy: this style and nothing else, forms to this place only."""
        digest = hashlib.sha256(f"{_STYLE}{self.style}".encode()).digest()
        return (
            f"default-src 'none'; style-src 'sha256-{base64.b64encode(digest).decode()}'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )


PLAIN: Final = Look()
"""The frame's own."""

_FORM: Final = "application/x-www-form-urlencoded"
_LATER: Final = frozenset({429, 503})
_RETRY_AFTER: Final = {
    "Retry-After": {"description": "seconds", "required": True, "schema": {"type": "integer"}}
}
_LANG: Final[dict[Language, str]] = {"zh": "zh-CN", "en": "en"}
_NAME: Final[dict[Language, str]] = {"zh": "中文", "en": "English"}
_NAV: Final[dict[Language, str]] = {"zh": "本页导航", "en": "This page"}


def document(  # noqa: PLR0913  # two of them keyword-only, for rooms with a head of their own
    language: Language,
    title: str,
    body: str,
    links: tuple[str, ...] = (),
    *,
    above: str = "",
    look: Look = PLAIN,
) -> str:
    """Draw a whole page.

    Args:
        language: Of the page; the other one is a link below it.
        title: As text; it is escaped.
        body: As HTML: what came from outside is escaped by whoever drew it.
        links: As HTML, set before the link to the other language.
        above: As HTML, set above the title.
        look: Of the room; the response must be given the same.

    Returns:
        An HTML document.
    """
    other: Language = "en" if language == "zh" else "zh"
    switch = f'<a href="?lang={other}" lang="{_LANG[other]}" hreflang="{other}">{_NAME[other]}</a>'
    head = escape(title)
    return (
        f'<!doctype html>\n<html lang="{_LANG[language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{head}</title>'
        f"{look.head}</head>\n<body><main>{above}<h1>{head}</h1>\n{body}\n"
        f'<nav aria-label="{_NAV[language]}">{"".join(links)}{switch}</nav></main></body></html>\n'
    )


def described(said: Mapping[int, str], *codes: str) -> Answers:
    """Describe answers that are pages, for `responses` of a route.

    Args:
        said: What each status tells the person.
        codes: Of problems that the route can answer with all the same.
    """
    found: Answers = {
        status: {
            "description": text,
            "content": {"text/html": {"schema": {"type": "string"}}},
            "headers": _RETRY_AFTER if status in _LATER else {},
        }
        for status, text in said.items()
    }
    for status, problem in problems(*codes).items():
        page = found.setdefault(status, problem)
        page["content"] |= problem["content"]
    return found


def form_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """Describe a form for `openapi_extra` of a route; any other body is one without fields.

    Args:
        fields: What each field means.
    """
    properties = {name: {"type": "string", "description": said} for name, said in fields.items()}
    content = {_FORM: {"schema": {"type": "object", "properties": properties}}}
    return {"requestBody": {"required": False, "content": content}}


def page_response(
    html: str,
    language: Language,
    status: int = 200,
    retry_after_s: int | None = None,
    look: Look = PLAIN,
) -> HTMLResponse:
    """Answer with a page, which may load nothing, be framed nowhere and send forms home only.

    Args:
        html: The document.
        language: Its language.
        status: HTTP status.
        retry_after_s: When to come back, seconds; None if there is nothing to wait for.
        look: That the document was drawn with.
    """
    headers = {
        "Content-Security-Policy": look.policy,
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    return HTMLResponse(html, status, headers)
