"""Where numbers live: by their plan alone, and what is not known is left out."""

from __future__ import annotations

from itertools import islice
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from consentlog.domain.place import NOWHERE, Place
from consentlog.numbers.place import REMEMBERED, place_of


@pytest.mark.parametrize(
    ("subject", "place"),
    [
        ("+8613800138000", Place("CN", ("Asia/Shanghai",))),
        ("+862162345678", Place("CN", ("Asia/Shanghai",))),
        ("+85291234567", Place("HK", ("Asia/Hong_Kong",))),
        ("+16502530000", Place("US", ("America/Los_Angeles",))),
        ("+12125550123", Place("US", ("America/New_York",))),
        ("+442079460000", Place("GB", ("Europe/London",))),
        ("+80012345678", NOWHERE),
        ("+881612345678", NOWHERE),
        ("not a number", NOWHERE),
        ("", NOWHERE),
    ],
)
def test_a_number_is_where_its_plan_puts_it(subject: str, place: Place) -> None:
    assert place_of(subject) == place


def test_an_800_number_belongs_to_none_of_those_that_share_its_country_code() -> None:
    place = place_of("+18005551212")
    assert place.region is None
    assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"} <= set(place.zones)


def test_a_mobile_of_a_wide_country_may_be_in_every_zone_of_it() -> None:
    zones = place_of("+79161234567").zones
    assert {"Europe/Moscow", "Asia/Vladivostok"} <= set(zones)


def test_every_zone_that_the_library_names_is_known_here() -> None:
    named = {zone for zones in TIMEZONE_DATA.values() for zone in zones}
    assert len(named) > 200
    for zone in named:
        assert ZoneInfo(zone).key == zone


def test_the_example_of_every_region_is_there_or_left_out() -> None:
    odd = set()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number(region)
        assert number is not None
        place = place_of(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        assert "Etc/Unknown" not in place.zones
        if place.region not in (region, None):
            odd.add(region)
    # Two plans that the library cannot tell from a neighbour's: +212 (Morocco), +590 (Guadeloupe).
    assert odd == {"EH", "MF"}


def test_what_is_remembered_is_bounded() -> None:
    place_of.cache_clear()
    for subject in islice((f"+861380013{number:04}" for number in range(9999)), 50):
        place_of(subject)
    found = place_of.cache_info()
    assert (found.currsize, found.maxsize) == (50, REMEMBERED)
