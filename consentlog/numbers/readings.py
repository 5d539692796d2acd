"""How numbers are written, as expressions made from the metadata of the installed phonenumbers.

Nothing here knows a numbering plan. Each expression follows the order in which the library's
`parse` and `is_valid_number` consult a plan, and covers only what they decide without a choice.
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

WILD: Final = "x"
"""Stands for a digit that may be any, in what `Reading.wild` is asked about."""

# A subject has 7 to 15 digits (ITU-T E.164; consentlog.domain.subject).
_SUBJECT_DIGITS: Final = range(7, 16)
_REGIONS: Final = {str(code): regions for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}
_DIGIT_OR_SET: Final = re.compile(r"\{[^}]*\}|\[([^]]*)\]|\\d|\d")


class Reading(NamedTuple):
    """One way of writing: plus and code, or as inside one region.

    Group `number` of both expressions is what follows the calling code in the subject; `plus` is
    what stands before it. `wild` matches only what is the same for every digit in place of `WILD`,
    if its group `perhaps`, where there is one, ends where `number` begins.
    """

    exact: re.Pattern[str]
    wild: re.Pattern[str]
    plus: str


class _Spelling(NamedTuple):
    """How a piece of metadata is written: where it must match, and where it must not."""

    matching: Callable[[str], str]
    perhaps: Callable[[str], str]


def _for_any_digit(pattern: str) -> str:
    """Match `WILD` only where every digit matches."""
    return _DIGIT_OR_SET.sub(
        lambda found: rf"[\d{WILD}]" if found[0] == r"\d" else found[0], pattern
    )


def _for_some_digit(pattern: str) -> str:
    """Match `WILD` wherever some digit matches."""

    def widen(found: re.Match[str]) -> str:
        if found[0].startswith("{"):
            return found[0]
        return f"[{found[1] or found[0]}{WILD}]"

    return _DIGIT_OR_SET.sub(widen, pattern)


_EXACT: Final = _Spelling(str, str)
_WILD: Final = _Spelling(_for_any_digit, _for_some_digit)


def _leading_plan(code: str) -> PhoneMetadata | None:
    """Return the plan that the library asks first for this calling code, if it asks no other one.

    A number that this plan has is valid whatever the code's other regions say.
    """
    plan = PhoneMetadata.metadata_for_region(_REGIONS[code][0], None)
    return plan if plan is not None and plan.leading_digits is None else None


@lru_cache(1024)
def abroad(start: str) -> Reading | None:
    """Return how numbers look with a plus and a calling code at the start of these three digits."""
    # The library takes the shortest code that there is.
    code = next((start[:length] for length in (1, 2, 3) if start[:length] in _REGIONS), None)
    plan = _leading_plan(code) if code else None
    if plan is None:
        return None
    exact, wild = (rf"\+{code}{_number(plan, how)}" for how in (_EXACT, _WILD))
    return Reading(_compile(exact), _compile(wild), f"+{code}")


@lru_cache(1024)
def at_home(region: str | None) -> Reading | None:
    """Return how numbers look that are not written as international ones."""
    if region not in SUPPORTED_REGIONS:
        return None
    plan = PhoneMetadata.metadata_for_region(region, None)
    code = str(plan.country_code) if plan else ""
    if plan is None or plan is not _leading_plan(code) or not plan.international_prefix:
        return None
    exact, wild = (_national(plan, code, how) for how in (_EXACT, _WILD))
    return Reading(_compile(exact), _compile(wild), f"+{code}")


@lru_cache(1024)
def international_prefix(region: str | None) -> re.Pattern[str] | None:
    """Return what a region dials before a calling code."""
    plan = PhoneMetadata.metadata_for_region(region, None) if region else None
    prefix = plan.international_prefix if plan else None
    return _compile(prefix) if prefix else None


def _national(plan: PhoneMetadata, code: str, how: _Spelling) -> str:
    abroad_first = f"(?!{how.perhaps(plan.international_prefix or '')})"
    # A calling code without plus is one only if the whole is no national number.
    with_code = rf"(?={code})(?!(?:{how.perhaps(_general(plan))})\Z){code}"
    return f"{abroad_first}(?:{with_code}|(?!{how.perhaps(code)})){_number(plan, how)}"


def _number(plan: PhoneMetadata, how: _Spelling) -> str:
    return f"{_trunk_prefix(plan, how)}(?P<number>{_valid(plan, how)})"


def _trunk_prefix(plan: PhoneMetadata, how: _Spelling) -> str:
    """Read over one trunk or carrier prefix, where the plan drops it without rewriting the rest.

    Atomic, for the library does not come back either; a second prefix is left to the library.
    """
    prefix = plan.national_prefix_for_parsing
    if not prefix:
        return ""
    perhaps = how.perhaps(prefix)
    if plan.national_prefix_transform_rule:
        return f"(?!{perhaps})"
    return f"(?:(?!{perhaps})|(?=(?P<perhaps>{perhaps}))(?>{prefix}))(?!{perhaps})"


def _valid(plan: PhoneMetadata, how: _Spelling) -> str:
    """Match what `is_valid_number` accepts: the general pattern, and that of one kind of number."""
    kinds = (
        None if plan.same_mobile_and_fixed_line_pattern else plan.mobile,
        *(plan.fixed_line, plan.toll_free, plan.premium_rate, plan.shared_cost, plan.voip),
        *(plan.personal_number, plan.pager, plan.uan, plan.voicemail),
    )
    lengths = _lengths(plan)
    ways = [way for kind in kinds if kind is not None and (way := _kind(kind, lengths))]
    valid = rf"(?=(?:{_general(plan)})\Z)(?:{'|'.join(ways) or '(?!)'})"
    # No leading zero: where it belongs to the number, the library keeps it by a rule of its own.
    return f"(?!0){how.matching(valid)}"


def _general(plan: PhoneMetadata) -> str:
    """Return the general pattern; without one no number is valid."""
    general = plan.general_desc
    return (general.national_number_pattern if general else None) or "(?!)"


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
