"""The system's language, from the usual variables; imports nothing heavy."""

from __future__ import annotations

import locale
from typing import Literal


def system_language() -> Literal["en", "zh"]:
    """Return `zh` if the user's locale is Chinese, else `en`."""
    try:
        locale.setlocale(locale.LC_MESSAGES, "")
        name = locale.setlocale(locale.LC_MESSAGES)
    except locale.Error:  # a locale that is named but not installed
        return "en"
    return "zh" if name.lower().startswith("zh") else "en"
