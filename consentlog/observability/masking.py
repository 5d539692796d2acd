"""Masks phone numbers wherever text leaves a process: logs, errors, screens.

A number is the one thing that must never be printed whole: `+8613800138000` becomes
`+86138****8000`.
"""

from __future__ import annotations

import re

# Any run of 7 or more digits may be a number, whatever stands around it. Times in ms, dates and
# offsets look the same in free text, so they are masked there too: a masked date is a nuisance, a
# printed number is a breach. Only ids and hashes in hex, of exactly their length, and IPv4
# addresses are told apart.
_ID = r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_ADDRESS = rf"(?<![\d.+])(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\d)"
# What people and programs put between the groups of a number: any spaces, hyphens and dashes,
# underscores, brackets. A dot only between groups of 3 digits and more: versions have shorter ones.
_BETWEEN = r"[^\S\r\n]|[-_\u2010-\u2015\u2212\uff0d()\[\]\uff08\uff09]"
_GAP = rf"(?:(?:{_BETWEEN}){{0,4}}|(?<=\d\d\d)\.(?=\d\d\d))"
_NUMBER = re.compile(
    rf"(?P<kept>{_ID}|{_ADDRESS})|(?:\+|%2[Bb])?\d(?:{_GAP}(?!{_ID}|{_ADDRESS})\d){{6,}}"
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
    return _NUMBER.sub(lambda found: found["kept"] or mask(found.group()), text)
