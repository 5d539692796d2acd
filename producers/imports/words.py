"""What the cells of a list say: words for actions, channels and purposes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from consentlog.reference.words import Words, load_words
from consentlog.words.engine import judge
from consentlog.words.lexicon import Verdict


class Said(StrEnum):
    """What a cell asks for."""

    REFUSED = "refused"
    HELD = "held"
    LOOSENS = "loosens"
    NOT_UNDERSTOOD = "not_understood"


class Asked(NamedTuple):
    """What a row asks for; `hold_kind` of a hold."""

    said: Said
    hold_kind: str | None = None


_REFUSED: Final = frozenset({
    "refused", "refuse", "refusal", "dnc", "do not call", "do not contact", "blacklist", "optout",
    "opted out", "unsubscribed", "withdrawn", "拒绝", "已拒绝", "拒绝营销", "拒绝来电",
    "拒绝短信", "已退订", "黑名单", "勿扰", "免打扰", "禁呼", "撤回同意",
})  # fmt: skip
_LOOSENS: Final = frozenset({
    "granted", "grant", "consent", "consented", "opt in", "optin", "opted in", "opt-in",
    "subscribe", "subscribed", "allow", "allowed", "whitelist", "resubscribe", "consent ended",
    "corrected", "approved", "hold released", "同意", "已同意", "允许", "恢复", "恢复接收",
    "订阅", "已订阅", "白名单", "取消退订", "取消拒绝", "解除拒绝", "移出黑名单",
})  # fmt: skip
_HOLDS: Final = {
    "held": "unclear", "hold": "unclear", "暂停": "unclear",
    "dispute": "dispute", "disputed": "dispute", "争议": "dispute", "投诉": "dispute",
    "unverified": "unverified", "待核实": "unverified",
}  # fmt: skip
_CHANNELS: Final = {
    "": "all", "all": "all", "any": "all", "全部": "all", "所有": "all", "全渠道": "all",
    "voice": "voice", "call": "voice", "calls": "voice", "phone": "voice", "电话": "voice",
    "语音": "voice", "来电": "voice", "呼叫": "voice",
    "sms": "sms", "text": "sms", "texts": "sms", "短信": "sms",
}  # fmt: skip
_PURPOSES: Final[Mapping[str, str | None]] = {
    "": None,
    "marketing": "marketing", "营销": "marketing", "推销": "marketing", "商业": "marketing",
    "service": "service", "服务": "service",
    "all": "all", "any": "all", "everything": "all", "全部": "all", "所有": "all", "一切": "all",
}  # fmt: skip

_words: list[Words] = []


@lru_cache(4096)
def asked_by(text: str) -> Asked:
    """Read a cell that says what happened.

    The list's own words first, then the words that people send (rules of refusal 11). Nothing in
    the cell is a refusal: the list is one of refusals.
    """
    word = folded(text)
    if not word or word in _REFUSED:
        return Asked(Said.REFUSED)
    if word in _LOOSENS:
        return Asked(Said.LOOSENS)
    if word in _HOLDS:
        return Asked(Said.HELD, _HOLDS[word])
    verdict = judge(text, _lexicon()).verdict
    if verdict is Verdict.REFUSE:
        return Asked(Said.REFUSED)
    if verdict is Verdict.CONSENT:
        return Asked(Said.LOOSENS)
    return Asked(Said.NOT_UNDERSTOOD, "unclear")


@lru_cache(4096)
def channel_of(text: str) -> str | None:
    """Return the channel that a cell names, or None if it is not understood."""
    return _CHANNELS.get(folded(text))


@lru_cache(4096)
def purpose_of(text: str) -> tuple[str | None, bool]:
    """Return the purpose that a cell names, None for an empty one; and whether it is understood."""
    word = folded(text)
    return _PURPOSES.get(word), word in _PURPOSES


def folded(text: str) -> str:
    """Return a cell as it is compared: NFKC, lower case, single spaces for underscores too."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def _lexicon() -> Words:
    if not _words:
        _words.append(load_words())
    return _words[0]
