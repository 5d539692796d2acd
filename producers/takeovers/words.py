"""What the cells of a list of consents say: how it was given, and that it is one at all.

Only words that mean a consent and nothing else: a list of an older system may hold the refusals of
the same people, and a word that nobody knows must not open anything.
"""

from __future__ import annotations

from typing import Final

from producers.imports.words import folded
from producers.takeovers.row import SPOKEN

_METHODS: Final = {
    "web": "web", "website": "web", "online": "web", "网页": "web", "网站": "web", "官网": "web",
    "app": "app", "mobile app": "app", "应用": "app", "手机应用": "app",
    "form": "form", "signed form": "form", "paper": "form", "contract": "form", "表单": "form",
    "纸质": "form", "书面": "form", "签字": "form", "合同": "form",
    "keyword": "keyword", "sms": "keyword", "sms keyword": "keyword", "短信": "keyword",
    "短信回复": "keyword", "关键词": "keyword",
    "spoken": SPOKEN, "phone": SPOKEN, "call": SPOKEN, "verbal": SPOKEN, "recording": SPOKEN,
    "口头": SPOKEN, "电话": SPOKEN, "录音": SPOKEN,
}  # fmt: skip
_CONSENTS: Final = frozenset({
    "", "granted", "grant", "consent", "consented", "opt in", "optin", "opt-in", "opted in",
    "subscribed", "yes", "同意", "已同意", "已授权", "授权", "已订阅",
})  # fmt: skip


def method_of(text: str) -> str | None:
    """Return how a consent was given, `spoken` too; None if the cell is not understood."""
    return _METHODS.get(folded(text))


def is_consent(text: str) -> bool:
    """Tell whether a cell about the action says consent, or nothing."""
    return folded(text) in _CONSENTS
