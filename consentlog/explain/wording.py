"""The words of `wording.toml`, and reasons put into them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from consentlog.errors import Language


def word(lang: Language, group: str, key: str) -> str:
    """Return one text; the bare key for a word that this version does not know."""
    found = _texts()[group].get(key)
    return key if found is None else found[lang]


def knows(group: str, key: str) -> bool:
    """Tell whether a text stands for `key`."""
    return key in _texts()[group]


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
    if not knows("reason", code):
        return code
    said = []
    for name in _PARTS:
        if name in reason:
            own = f"{name}_{code}"
            text = word(lang, "behind", own if knows("behind", own) else name)
            value = str(reason[name])
            said.append(text.format(_say_detail(code, value, lang) if name == "detail" else value))
    return word(lang, "reason", code) + bracketed(said, lang)


def _say_detail(code: str, detail: str, lang: Language) -> str:
    if code == "held":
        return word(lang, "kind", detail)
    local = _LOCAL_TIME.fullmatch(detail)
    if local is None:
        return word(lang, "detail", detail)
    return word(lang, "detail", "local_time").format(clock=local[1], zone=local[2])


def bracketed(parts: list[str], lang: Language) -> str:
    """Put parts into brackets, as the language writes them; nothing for none."""
    opened, between, closed = ("（", "；", "）") if lang == "zh" else (" (", "; ", ")")
    return f"{opened}{between.join(parts)}{closed}" if parts else ""


def listed(parts: list[str], lang: Language) -> str:
    """Join the parts of a sentence."""
    return ("，" if lang == "zh" else ", ").join(parts)


_LOCAL_TIME: Final = re.compile(r"(\d\d:\d\d) in (\S+)", re.ASCII)
_PARTS: Final = ("detail", "policy", "event_id", "at")


@cache
def _texts() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    file = resources.files("consentlog.explain") / "wording.toml"
    return tomllib.loads(file.read_text("utf-8"))
