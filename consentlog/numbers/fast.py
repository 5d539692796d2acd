"""The common shapes of a number, read with one regular expression instead of the library's walk.

Nothing here knows a numbering plan. The expressions are put together from the metadata of the
installed phonenumbers, in the order in which its `parse` and `is_valid_number` consult them, and
only for what they decide without a choice. Everything else is None: the library's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneMetadata,
    PhoneNumberDesc,
)

# A subject has 7 to 15 digits (ITU-T E.164; consentlog.domain.subject).
_SUBJECT_DIGITS: Final = range(7, 16)
_REGIONS: Final = {str(code): regions for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}


class _Reading(NamedTuple):
    """How a number must look, and what stands before its group `number` in the subject."""

    fullmatch: Callable[[str], re.Match[str] | None]
    plus: str


def read_common(text: str, region: str | None) -> str | None:
    """Read a number in one of the common shapes.

    Args:
        text: The field after NFKC and trimming.
        region: As for `normalise`.

    Returns:
        The subject that the library would find, or None where only the library can tell.
    """
    if not text[1:].isdecimal():
        # Before or inside a number the library reads over these, whatever their order and count.
        text = text.replace(" ", "").replace("-", "").replace("(", "").replace(")", "")
    reading = _abroad(text[1:4]) if text[:1] == "+" else _home(region)
    if reading is None:
        return None
    found = reading.fullmatch(text)
    if found is not None:
        return reading.plus + found["number"]
    return None if text[:1] == "+" else _read_after_international_prefix(text, region)


def _read_after_international_prefix(text: str, region: str | None) -> str | None:
    prefix = _international_prefix(region)
    start = prefix.match(text) if prefix else None
    return read_common("+" + text[start.end() :], region) if start else None


def _leading_plan(code: str) -> PhoneMetadata | None:
    """Return the plan that the library asks first for this calling code, if it asks no other one.

    A number that this plan has is valid whatever the code's other regions say.
    """
    plan = PhoneMetadata.metadata_for_region(_REGIONS[code][0], None)
    return plan if plan is not None and plan.leading_digits is None else None


@lru_cache(1024)
def _abroad(start: str) -> _Reading | None:
    """Return how numbers look whose calling code stands at the start of these three digits."""
    # The library takes the shortest code that there is.
    code = next((start[:length] for length in (1, 2, 3) if start[:length] in _REGIONS), None)
    plan = _leading_plan(code) if code else None
    if plan is None:
        return None
    return _Reading(_compile(rf"\+{code}{_number(plan)}").fullmatch, f"+{code}")


@lru_cache(1024)
def _home(region: str | None) -> _Reading | None:
    """Return how numbers look that are not written as international ones."""
    if region not in SUPPORTED_REGIONS:
        return None
    plan = PhoneMetadata.metadata_for_region(region, None)
    code = str(plan.country_code) if plan else ""
    if plan is None or plan is not _leading_plan(code) or not plan.international_prefix:
        return None
    # A calling code without plus is one only if the whole is no national number.
    code_or_none = f"(?={code})(?!(?:{_general(plan)})\\Z){code}|(?!{code})"
    pattern = f"(?!{plan.international_prefix})(?:{code_or_none}){_number(plan)}"
    return _Reading(_compile(pattern).fullmatch, f"+{code}")


@lru_cache(1024)
def _international_prefix(region: str | None) -> re.Pattern[str] | None:
    plan = PhoneMetadata.metadata_for_region(region, None) if region else None
    prefix = plan.international_prefix if plan else None
    return _compile(prefix) if prefix else None


def _number(plan: PhoneMetadata) -> str:
    return f"{_trunk_prefix(plan)}(?P<number>{_valid(plan)})"


def _general(plan: PhoneMetadata) -> str:
    """Return the general pattern; without one no number is valid."""
    general = plan.general_desc
    return (general.national_number_pattern if general else None) or "(?!)"


def _trunk_prefix(plan: PhoneMetadata) -> str:
    """Read over one trunk or carrier prefix, where the plan drops it without rewriting the rest.

    Atomic, for the library does not come back either; a second prefix is left to the library.
    """
    prefix = plan.national_prefix_for_parsing
    if not prefix:
        return ""
    dropped = "" if plan.national_prefix_transform_rule else f"(?>(?:{prefix})?)"
    return f"{dropped}(?!{prefix})"


def _valid(plan: PhoneMetadata) -> str:
    """Match what `is_valid_number` accepts: the general pattern, and that of one kind of number."""
    kinds = (
        None if plan.same_mobile_and_fixed_line_pattern else plan.mobile,
        *(plan.fixed_line, plan.toll_free, plan.premium_rate, plan.shared_cost, plan.voip),
        *(plan.personal_number, plan.pager, plan.uan, plan.voicemail),
    )
    lengths = _lengths(plan)
    ways = [way for kind in kinds if kind is not None and (way := _kind(kind, lengths))]
    # No leading zero: where it belongs to the number, the library keeps it by a rule of its own.
    return rf"(?!0)(?=(?:{_general(plan)})\Z)(?:{'|'.join(ways) or '(?!)'})"


def _lengths(plan: PhoneMetadata) -> set[int]:
    """Return the lengths of whole national numbers of which a subject can be made."""
    general = plan.general_desc
    if general is None:
        return set()
    code = len(str(plan.country_code))
    fitting = {length for length in general.possible_length if length + code in _SUBJECT_DIGITS}
    return fitting - set(general.possible_length_local_only)


def _kind(kind: PhoneNumberDesc, lengths: set[int]) -> str:
    """Match one kind of number in its lengths; empty when it has none."""
    fitting = sorted(lengths & set(kind.possible_length) if kind.possible_length else lengths)
    if not kind.national_number_pattern or not fitting:
        return ""
    either = "|".join(rf"\d{{{length}}}" for length in fitting)
    return rf"(?=(?:{either})\Z)(?:{kind.national_number_pattern})\Z"


def _compile(pattern: str) -> re.Pattern[str]:
    # ASCII: digits of other scripts are the library's business.
    return re.compile(pattern, re.ASCII)
