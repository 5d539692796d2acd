"""Reasons in plain words, zh and en, for whoever reads them on a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consentlog.errors import Language

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "refused": ("the person refused", "本人已拒绝"),
    "held": ("contact is on hold", "联系已暂停"),
    "overflow": ("more is recorded than can be weighed", "记录过多，无法自动判断"),
    "no_basis": (
        "the person never agreed, and consent is required",
        "本人从未同意，依规则须先同意",
    ),
    "number_not_valid": ("the number cannot be read without doubt", "无法确定这是哪个号码"),
    "unknown_entity": ("the registry does not know this entity", "登记册中没有此主体"),
    "unknown_brand": ("the registry does not know this brand", "登记册中该主体没有此品牌"),
    "unknown_campaign": ("the registry does not know this campaign", "登记册中该主体没有此活动"),
    "stale": ("the gate cannot be sure that it knows everything", "闸门无法确定信息完整"),
}

_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "detail": ("{}", "{}"),
    "policy": ("rule {}", "规则 {}"),
    "event_id": ("event {}", "事件 {}"),
}
_AT: Final[Mapping[str, tuple[str, str]]] = {
    "refused": ("only a grant later than {} counts", "只有晚于 {} 的同意才有效"),
    "held": ("until {}", "至 {}"),
}


def say_reason(reason: Mapping[str, object], lang: Language) -> str:
    """Say one reason of an answer in a sentence.

    Args:
        reason: One member of `reasons`, as the gate sends it.
        lang: Language to say it in.

    Returns:
        What it means, and in brackets what is behind it; the bare code for one that this version
        does not know.
    """
    code = str(reason.get("code"))
    if code not in _WORDS:
        return code
    zh = lang == "zh"
    parts = {**_PARTS, "at": _AT.get(code, ("{}", "{}"))}
    said = [words[zh].format(reason[name]) for name, words in parts.items() if name in reason]
    opened, between, closed = ("（", "；", "）") if zh else (" (", "; ", ")")
    return _WORDS[code][zh] + (f"{opened}{between.join(said)}{closed}" if said else "")
