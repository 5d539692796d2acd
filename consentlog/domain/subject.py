"""A subject is one phone number in E.164, the only key of everything."""

from __future__ import annotations

import re
from typing import Final

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def is_subject(text: str) -> bool:
    """Tell whether `text` has the shape of an E.164 number with plus.

    The shape only: whether a number exists in a numbering plan is decided at the door, by the
    normaliser.

    Source: ITU-T E.164, at most 15 digits.
    """
    return _E164.fullmatch(text) is not None


def subject_of_key(key: bytes | None) -> str | None:
    """Read a topic key.

    Args:
        key: Key bytes of a record, or None.

    Returns:
        The subject, or None when the key is none.
    """
    if not key or len(key) > 16 or not key.isascii():
        return None
    text = key.decode("ascii")
    return text if is_subject(text) else None
