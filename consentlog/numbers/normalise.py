"""Normalises phone numbers at the door: one subject for every way of writing one number.

The order of the steps is the rule (rules of refusal 10); a number that needs a guess is
quarantined, because a guess would block or open somebody else's. The library decides; the shapes
that most records have are read as it would, only faster (consentlog.numbers.fast).
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from consentlog.domain.subject import is_subject
from consentlog.numbers.fast import read_common


class QuarantineReason(StrEnum):
    """Why a number needs a person."""

    EMPTY = "the field is empty"
    TOO_LONG = "the field is longer than a number can be"
    NOT_ONLY_DIGITS = "letters or masking are left in it"
    NO_REGION = "it has no country code and its source has no region"
    NOT_A_NUMBER = "it does not have the form of a number"
    NOT_VALID = "no numbering plan has it, or it needs more context"


class Normalised(NamedTuple):
    """A subject: E.164 with plus."""

    subject: str


class Quarantined(NamedTuple):
    """No subject, and why; never with the number in it."""

    reason: QuarantineReason


MAX_TEXT: Final = 64

_TEL: Final = re.compile(r"^\s*tel\s*:\s*", re.IGNORECASE)
_EXTENSION: Final = re.compile(
    r"(?<=[\d)\s])\s*[,，;；(（-]?\s*(?:转|轉|分机|分機|extension|ext\.?|x)\s*[.:：=]?\s*\d{1,7}[)）]?\s*$",
    re.IGNORECASE,
)
# The library stops reading at `;` and takes `#` and `,` for an extension: the second number of a
# field would vanish silently.
_ODD: Final = re.compile(
    r"[^\d\s+().\-/\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
# `0755-8888888/9` is two numbers, the second written short, and `8517234567.0` is a spreadsheet's
# floating point; to the library both are one longer number, and a valid one.
_ODD_END: Final = re.compile(r"/\s*\d{1,4}$|\.\d$")
_UNMARKED_EXTENSION: Final = re.compile(r"(?<=\d)\s*-\s*\d{1,6}$")
# An IP or carrier prefix (12593, 17909, 17951, …) before a trunk zero: the library strips the one
# or the other, not both.
_PREFIX_AND_TRUNK_ZERO: Final = re.compile(r"^(?:1(?:[12]\d|79)\d\d)0")


def normalise(raw: str, region: str | None) -> Normalised | Quarantined:
    """Turn what a source wrote into a subject.

    Args:
        raw: The field as it came.
        region: ISO 3166 region of the source record, for numbers without a country code; never
            guessed: `16502530000` is an American number to one source and a Chinese one to another.

    Returns:
        The subject, or the reason why a person must look.

    Source: rules of refusal 10; ITU-T E.164.
    """
    if len(raw) > MAX_TEXT:
        return Quarantined(QuarantineReason.TOO_LONG)
    text = (raw if raw.isascii() else unicodedata.normalize("NFKC", raw)).strip()
    if not text:
        return Quarantined(QuarantineReason.EMPTY)
    subject = read_common(text, region)
    return Normalised(subject) if subject else _read_any(text, region)


def _read_any(text: str, region: str | None) -> Normalised | Quarantined:
    """Take every step of the rule with what is trimmed."""
    text = _EXTENSION.sub("", _TEL.sub("", text))
    if any(char.isalpha() or char == "*" for char in text):
        return Quarantined(QuarantineReason.NOT_ONLY_DIGITS)
    if _ODD.search(text) or _ODD_END.search(text):
        return Quarantined(QuarantineReason.NOT_A_NUMBER)
    found = _parse(text, region)
    if isinstance(found, Quarantined):
        shorter = _UNMARKED_EXTENSION.sub("", text)
        rest = _parse(shorter, region) if shorter != text else found
        return rest if isinstance(rest, Normalised) else found
    return found


def _parse(text: str, region: str | None) -> Normalised | Quarantined:
    found = _parse_once(text, region)
    if isinstance(found, Normalised) or region != "CN":
        return found
    digits = re.sub(r"\D", "", text)
    bare = _PREFIX_AND_TRUNK_ZERO.sub("", digits)
    if bare == digits or text.startswith("+"):
        return found
    again = _parse_once(bare, region)
    return again if isinstance(again, Normalised) else found


def _parse_once(text: str, region: str | None) -> Normalised | Quarantined:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as exc:
        unknown = exc.error_type == NumberParseException.INVALID_COUNTRY_CODE
        if unknown and "+" not in text and region not in phonenumbers.SUPPORTED_REGIONS:
            return Quarantined(QuarantineReason.NO_REGION)
        return Quarantined(QuarantineReason.NOT_A_NUMBER)
    subject = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(number) or not is_subject(subject):
        return Quarantined(QuarantineReason.NOT_VALID)
    return Normalised(subject)
