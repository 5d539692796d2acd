"""Where a number lives, read off the numbering plans; no number is looked up anywhere."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from consentlog.domain.place import NOWHERE, Place

REMEMBERED: Final = 65_536
"""Numbers whose place is kept: about 20 MB at most. A dialer asks about one number repeatedly."""

_NOT_GEOGRAPHIC: Final = "001"
_OF_A_PLACE: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
)


@lru_cache(maxsize=REMEMBERED)
def place_of(subject: str) -> Place:
    """Say where a number may be.

    Args:
        subject: E.164 with plus.

    Returns:
        Its region, unless the plan gives the number to no country (`+800…`) or to any of those that
        share its country code (`+1 800…`); and every time zone in which it may be, without those
        that the library does not know. What is not known is left out, which makes more rows apply.
    """
    try:
        number = phonenumbers.parse(subject, None)
    except NumberParseException:
        return NOWHERE
    zones = time_zones_for_number(number)
    return Place(_region(number), () if UNKNOWN_TIMEZONE in zones else tuple(zones))


def _region(number: PhoneNumber) -> str | None:
    region = phonenumbers.region_code_for_number(number)
    if region is None or region == _NOT_GEOGRAPHIC:
        return None
    sharing = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    if len(sharing) > 1 and phonenumbers.number_type(number) not in _OF_A_PLACE:
        return None
    return region
