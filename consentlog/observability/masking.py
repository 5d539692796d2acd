"""Masks phone numbers wherever text leaves a process: logs, errors, screens.

A number is the one thing that must never be printed whole: `+8613800138000` becomes
`+86138****8000`.
"""

from __future__ import annotations

import re

# Any run of 7 or more digits may be a number, whatever stands around it. Times in ms, dates and
# offsets look the same in free text, so they are masked there too: a masked date is a nuisance, a
# printed number is a breach. Only ids and hashes in hex, of exactly their length, are told apart.
_NUMBER = re.compile(
    r"(?P<hex>(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f]))"
    r"|(?:\+|%2[Bb])?\d(?:[ \-]?\d){6,}"
)
_SHOWN_TAIL = 4
_SHOWN_HEAD = 5


def mask(number: str) -> str:
    """Mask one number, keeping what a clerk needs to tell two apart.

    Args:
        number: A phone number in any form.

    Returns:
        Country code and first three digits, `****`, last four; wholly masked if shorter than 8
        digits.
    """
    digits = re.sub(r"\D", "", number.replace("%2B", "+").replace("%2b", "+"))
    if len(digits) <= 7:
        return "****"
    # Capped: two numbers side by side look like one long one, and the first would show whole.
    head = min(len(digits) - _SHOWN_TAIL - 4, _SHOWN_HEAD)
    plus = "+" if number.lstrip().startswith(("+", "%2B", "%2b")) else ""
    return f"{plus}{digits[:head]}****{digits[-_SHOWN_TAIL:]}"


def mask_text(text: str) -> str:
    """Mask everything in free text that may be a phone number.

    Args:
        text: Any text about to be printed.

    Returns:
        The text with each run of 7 or more digits masked.
    """
    return _NUMBER.sub(lambda found: found["hex"] or mask(found.group()), text)
