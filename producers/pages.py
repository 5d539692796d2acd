"""The preference page: one small document in zh or en, without script, for a phone first."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from consentlog.errors import Language

State = Literal["ask", "done", "failed", "wrong"]

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--act:#0b57d0;--act-ink:#fff}
@media (prefers-color-scheme:dark){
:root{--ink:#eee;--paper:#161616;--act:#a8c7fa;--act-ink:#062e6f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1.125rem/1.6 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:1.5rem 1.25rem}
h1{font-size:1.5rem;line-height:1.3}
button{width:100%;min-height:3rem;padding:.75rem;border:0;border-radius:.5rem;background:var(--act);
color:var(--act-ink);font:inherit;font-weight:600;cursor:pointer}
a{color:var(--act)}
:focus-visible{outline:3px solid var(--act);outline-offset:3px}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

_TEXTS: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "lang": "zh-CN",
        "ask": "不再接收营销联系？",
        "ask-text": "确认后，{who}不再通过{how}向 {number} 进行{what}联系。",
        "button": "确认拒绝",
        "done": "已退订",
        "done-text": "已记录：{who}不再通过{how}向 {number} 进行{what}联系。您可以关闭本页。",
        "failed": "暂时没有记录成功",
        "failed-text": "系统暂时无法确认您的请求，请稍候再点一次；重复点击只算一次。",
        "wrong": "链接无效",
        "wrong-text": "请从最近收到的短信或邮件中重新打开完整链接，或回复短信 TD。",
        "voice": "电话",
        "sms": "短信",
        "all-channels": "电话和短信",
        "marketing": "营销",
        "service": "服务",
        "all": "任何",
    },
    "en": {
        "lang": "en",
        "ask": "Stop marketing contact?",
        "ask-text": "Once you confirm, {who} will no longer contact {number} by {how} for {what}.",
        "button": "Confirm refusal",
        "done": "You are opted out",
        "done-text": "Recorded: {who} will no longer contact {number} by {how} for {what}. "
        "You may close this page.",
        "failed": "Not recorded yet",
        "failed-text": "We could not confirm your request. Please press again in a moment; "
        "pressing twice counts once.",
        "wrong": "This link is not valid",
        "wrong-text": "Open the whole link again from your latest message, or reply STOP to it.",
        "voice": "phone",
        "sms": "text message",
        "all-channels": "phone or text message",
        "marketing": "marketing",
        "service": "service",
        "all": "any purpose",
    },
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page names: who stops, which number (masked), through what, what for."""

    who: str
    number: str
    channel: str
    purpose: str


def page(state: State, language: Language, shown: Shown | None = None, nonce: str = "") -> str:
    """Draw the page.

    Args:
        state: `ask` shows the button, `done` the confirmation, `failed` the button again, `wrong`
            says that the link is none.
        language: Language of the page.
        shown: What it is about; not needed for `wrong`.
        nonce: Names the act; drawn into the form, so that pressing twice is one act.

    Returns:
        A whole HTML document; everything that came from outside is escaped.
    """
    texts = _TEXTS[language]
    text = texts[f"{state}-text"].format_map(_values(texts, shown))
    form = _form(texts["button"], nonce) if state in ("ask", "failed") else ""
    other: Language = "en" if language == "zh" else "zh"
    name = {"en": "English", "zh": "中文"}[other]
    return (
        f'<!doctype html>\n<html lang="{texts["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{texts[state]}</title>'
        f"<style>{_STYLE}</style></head>\n<body><main><h1>{texts[state]}</h1>"
        f'<p role="status">{text}</p>{form}'
        f'<p><a href="?lang={other}" lang="{other}" hreflang="{other}">{name}</a></p>'
        "</main></body></html>\n"
    )


def _form(button: str, nonce: str) -> str:
    return (
        '<form method="post"><input type="hidden" name="nonce" '
        f'value="{escape(nonce)}"><button type="submit">{button}</button></form>'
    )


def _values(texts: dict[str, str], shown: Shown | None) -> dict[str, str]:
    if shown is None:
        return {}
    how = texts["all-channels"] if shown.channel == "all" else texts[shown.channel]
    return {
        "who": escape(shown.who),
        "number": escape(shown.number),
        "how": how,
        "what": texts[shown.purpose],
    }
