"""Policy rows: the strictest of all that may hold wins, and what is not known makes more hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.hours import ZONE_NOT_KNOWN, Hours, clock_text, local_minutes
from consentlog.domain.place import NOWHERE, Place
from consentlog.domain.policy import (
    ANYWHERE,
    BUILT_IN_DAYS,
    DAY_MS,
    DRAFT,
    Policy,
    PolicyRow,
    Value,
    What,
    is_looser,
    is_value,
)
from consentlog.domain.scope import Contact
from consentlog.domain.vocabulary import Channel, Purpose

NOON_MS = 1_763_784_000_000
"""2025-11-22T04:00:00Z: noon in Shanghai, 23:00 of the day before in New York."""
HOUR_MS = 3_600_000
CALL = Contact("acme", Purpose.MARKETING, Channel.VOICE)
TEXT = replace(CALL, channel=Channel.SMS)
SHANGHAI = Place("CN", ("Asia/Shanghai",))
DAY_TIME = Hours(9 * 60, 21 * 60)


def _holds(row: PolicyRow, at_ms: int, region: str | None) -> bool:
    return row.runs(at_ms) and (region is None or row.jurisdiction in (region, "*"))


def row(
    what: What,
    value: Value,
    name: str = "row",
    jurisdiction: str = "CN",
    entity: str | None = None,
    purpose: Purpose | None = None,
    channel: Channel | None = None,
) -> PolicyRow:
    return PolicyRow(
        name, jurisdiction, what, value, 0, None, "a law", "primary", entity, purpose, channel
    )


def hours(value: Hours = DAY_TIME, name: str = "hours", jurisdiction: str = "CN") -> PolicyRow:
    return row(What.CALLING_HOURS, value, name, jurisdiction)


days = st.integers(1, 4000)
windows = st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda w: w[0] < w[1])
VALUES: dict[What, st.SearchStrategy[Value]] = {
    What.BASIS_REQUIRED: st.booleans(),
    What.CALLING_HOURS: windows.map(lambda w: Hours(*w)),
    What.GRANT_MAX_AGE: days,
    What.HONOUR_WITHIN: st.integers(0, 40),
    What.RETENTION: days,
    What.NOT_NOW_MAX: st.integers(1, 30),
}
places = st.sampled_from([SHANGHAI, Place("US", ("America/New_York",)), NOWHERE])


@st.composite
def rows_of(draw: st.DrawFn, what: What) -> list[PolicyRow]:
    count = draw(st.integers(1, 5))
    return [
        replace(
            row(what, draw(VALUES[what]), f"r{number}", draw(st.sampled_from(["CN", "US", "*"]))),
            entity=draw(st.sampled_from([None, "acme", "beta"])),
            purpose=draw(st.sampled_from([None, Purpose.MARKETING])),
            from_ms=draw(st.sampled_from([0, NOON_MS])),
            to_ms=draw(st.sampled_from([None, NOON_MS + 1])),
        )
        for number in range(count)
    ]


def permits(policy: Policy, what: What, value: Value, at_ms: int, place: Place) -> bool:
    """Tell whether a policy lets pass what `value` describes (hours: the contact at `at_ms`)."""
    region = place.region
    if what is What.BASIS_REQUIRED:
        return not policy.basis_required("acme", Purpose.MARKETING, at_ms, region)[0]
    if what is What.CALLING_HOURS:
        return not policy.calling_hours(CALL, at_ms, place).closed_by
    assert isinstance(value, int)
    if what is What.RETENTION:
        return value >= policy.retention_days(at_ms)[0]
    if what is What.NOT_NOW_MAX:
        return value * DAY_MS <= policy.not_now_max_ms("acme", at_ms, region)[0]
    if what is What.HONOUR_WITHIN:
        most = policy.honour_within_days("acme", at_ms, region)[0]
        return most is None or value <= most
    oldest = policy.grant_max_age_ms(CALL, at_ms, region)[0]
    return oldest is None or value * DAY_MS <= oldest


@pytest.mark.parametrize("what", list(What))
@given(data=st.data())
def test_many_rows_permit_nothing_that_one_of_them_forbids(what: What, data: st.DataObject) -> None:
    rows = data.draw(rows_of(what))
    value = data.draw(VALUES[what])
    at_ms = data.draw(st.integers(NOON_MS - 2 * DAY_MS, NOON_MS + 2 * DAY_MS))
    place = data.draw(places)
    if what is What.BASIS_REQUIRED:
        # Without rows the default is on; a row of its own may switch it off, beside others never.
        region = place.region
        rows = [r for r in rows if _holds(r, at_ms, region) and r.entity != "beta"] or rows[:1]
    if permits(Policy(tuple(rows)), what, value, at_ms, place):
        for one in rows:
            holds = _holds(one, at_ms, place.region) and one.entity in (None, "acme")
            assert not holds or permits(Policy((one,)), what, value, at_ms, place)


@pytest.mark.parametrize("what", list(What))
@given(data=st.data())
def test_what_is_not_known_of_a_number_opens_nothing(what: What, data: st.DataObject) -> None:
    policy = Policy(tuple(data.draw(rows_of(what))))
    value, at_ms = data.draw(VALUES[what]), NOON_MS + data.draw(st.integers(-2, 2)) * HOUR_MS
    known = data.draw(places)
    has_rows = any(_holds(r, at_ms, known.region) for r in policy.rows)
    if has_rows and permits(policy, what, value, at_ms, known._replace(region=None)):
        default_off = what is What.BASIS_REQUIRED and known.region is not None
        assert default_off or permits(policy, what, value, at_ms, known)


@pytest.mark.parametrize("what", list(What))
@given(data=st.data())
def test_looser_is_an_order(what: What, data: st.DataObject) -> None:
    one, two, three = (data.draw(VALUES[what]) for _ in range(3))
    assert not is_looser(what, one, one)
    if not is_looser(what, one, two) and not is_looser(what, two, three):
        assert not is_looser(what, one, three)
    if what is not What.CALLING_HOURS:
        assert one == two or is_looser(what, one, two) != is_looser(what, two, one)


@pytest.mark.parametrize(
    ("what", "strict", "loose"),
    [
        (What.BASIS_REQUIRED, True, False),
        (What.CALLING_HOURS, Hours(540, 1260), Hours(539, 1260)),
        (What.CALLING_HOURS, Hours(540, 1260), Hours(540, 1261)),
        (What.CALLING_HOURS, Hours(540, 1260), Hours(600, 1261)),
        (What.GRANT_MAX_AGE, 30, 31),
        (What.HONOUR_WITHIN, 0, 1),
        (What.RETENTION, 1828, 1827),
        (What.NOT_NOW_MAX, 13, 14),
    ],
)
def test_each_what_knows_which_value_is_stricter(what: What, strict: Value, loose: Value) -> None:
    assert is_looser(what, loose, strict)
    assert not is_looser(what, strict, loose) or what is What.CALLING_HOURS
    with pytest.raises(ValueError, match="kinds"):
        is_looser(what, strict, 1 if isinstance(strict, Hours) else DAY_TIME)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        (What.BASIS_REQUIRED, 1),
        (What.CALLING_HOURS, True),
        (What.CALLING_HOURS, Hours(1260, 540)),
        (What.CALLING_HOURS, Hours(540, 540)),
        (What.CALLING_HOURS, Hours(540, 1441)),
        (What.GRANT_MAX_AGE, True),
        (What.GRANT_MAX_AGE, 0),
        (What.HONOUR_WITHIN, -1),
        (What.NOT_NOW_MAX, 31),
        (What.RETENTION, DAY_TIME),
    ],
)
def test_a_row_takes_only_values_of_its_kind(what: What, value: Value) -> None:
    assert not is_value(what, value)
    with pytest.raises(ValueError, match="no value of"):
        row(what, value)


@pytest.mark.parametrize(
    ("shanghai", "is_open"),
    [(8 * 60 + 59, False), (9 * 60, True), (20 * 60 + 59, True), (21 * 60, False), (0, False)],
)
def test_a_call_is_made_in_the_hours_of_the_number_only(shanghai: int, is_open: bool) -> None:
    at_ms = NOON_MS + (shanghai - 12 * 60) * 60_000 + 59_999
    answer = Policy((hours(),)).calling_hours(CALL, at_ms, SHANGHAI)
    assert answer.rows == ("hours",)
    assert answer.closed_by == (() if is_open else ("hours",))
    assert answer.detail == (None if is_open else f"{clock_text(shanghai)} in Asia/Shanghai")


def test_a_number_of_several_zones_is_called_when_it_is_day_in_all() -> None:
    both = Place("US", ("America/New_York", "America/Los_Angeles"))
    policy = Policy((hours(jurisdiction="US"),))
    closed = {
        hour
        for hour in range(24)
        if policy.calling_hours(CALL, NOON_MS + (hour - 4) * HOUR_MS, both).closed_by
    }
    # 09:00 in Los Angeles is 17:00 UTC, 21:00 in New York is 02:00 UTC of the next day.
    assert set(range(24)) - closed == {17, 18, 19, 20, 21, 22, 23, 0, 1}
    at_two = policy.calling_hours(CALL, NOON_MS - 2 * HOUR_MS, both)
    assert at_two.detail == "21:00 in America/New_York"
    at_fifteen = policy.calling_hours(CALL, NOON_MS + 11 * HOUR_MS, both)
    assert at_fifteen.detail == "07:00 in America/Los_Angeles"


@pytest.mark.parametrize(
    ("month_day", "closes_utc"), [("2025-03-08", 26), ("2025-03-09", 25), ("2025-11-02", 26)]
)
def test_the_hours_follow_the_clocks_of_summer(month_day: str, closes_utc: int) -> None:
    start = {"2025-03-08": 1_741_392_000_000, "2025-03-09": 1_741_478_400_000}
    day_ms = start.get(month_day, 1_762_041_600_000)
    new_york = Place("US", ("America/New_York",))
    policy = Policy((hours(jurisdiction="US"),))
    last = policy.calling_hours(CALL, day_ms + closes_utc * HOUR_MS - 1, new_york)
    assert (last.closed_by, last.rows) == ((), ("hours",))
    assert policy.calling_hours(CALL, day_ms + closes_utc * HOUR_MS, new_york).closed_by


@pytest.mark.parametrize(
    "place", [NOWHERE, Place("CN"), Place("CN", ("Mars/Olympus",)), Place("CN", ("../etc",))]
)
def test_a_number_without_a_known_zone_is_called_at_no_hour(place: Place) -> None:
    answer = Policy((hours(),)).calling_hours(CALL, NOON_MS, place)
    assert answer == (("hours",), ("hours",), ZONE_NOT_KNOWN)


def test_one_zone_that_is_not_known_makes_all_of_them_unknown() -> None:
    place = Place("CN", ("Asia/Shanghai", "Mars/Olympus"))
    assert Policy((hours(),)).calling_hours(CALL, NOON_MS, place).detail == ZONE_NOT_KNOWN
    assert local_minutes(("Asia/Shanghai",), 10**18) == {}


def test_every_row_that_closes_is_named() -> None:
    rows = (hours(name="law"), hours(Hours(600, 720), "own"), hours(Hours(0, 1440), "us", "US"))
    answer = Policy(rows).calling_hours(CALL, NOON_MS, SHANGHAI)
    assert answer == (("law", "own"), ("own",), "12:00 in Asia/Shanghai")
    night = Policy(rows).calling_hours(CALL, NOON_MS + 12 * HOUR_MS, SHANGHAI)
    assert night.closed_by == ("law", "own")


def test_hours_are_those_of_calls_unless_a_row_says_otherwise() -> None:
    night_ms = NOON_MS + 12 * HOUR_MS
    assert Policy((hours(),)).calling_hours(TEXT, night_ms, SHANGHAI) == ((), (), None)
    for channel, contacts in ((Channel.SMS, [TEXT]), (Channel.ALL, [CALL, TEXT])):
        policy = Policy((replace(hours(), channel=channel),))
        closed = [c for c in (CALL, TEXT) if policy.calling_hours(c, night_ms, SHANGHAI).closed_by]
        assert closed == contacts


def test_rows_of_other_places_names_and_times_do_not_bind() -> None:
    service = replace(CALL, purpose=Purpose.SERVICE)
    other = replace(CALL, entity="beta")
    narrow = row(What.GRANT_MAX_AGE, 10, "own", "CN", "acme", Purpose.MARKETING, Channel.VOICE)
    policy = Policy((narrow, row(What.GRANT_MAX_AGE, 90, "law")))
    asked = [(c, policy.grant_max_age_ms(c, NOON_MS, "CN")) for c in (CALL, service, other, TEXT)]
    assert asked[0][1] == (10 * DAY_MS, "own")
    assert {answer for _, answer in asked[1:]} == {(90 * DAY_MS, "law")}
    assert policy.grant_max_age_ms(CALL, NOON_MS, "US") == (None, None)
    assert policy.grant_max_age_ms(CALL, NOON_MS, None) == (10 * DAY_MS, "own")
    assert Policy().grant_max_age_ms(CALL, NOON_MS, "CN") == (None, None)
    dated = Policy((replace(narrow, from_ms=NOON_MS, to_ms=NOON_MS + 1),))
    at = [dated.grant_max_age_ms(CALL, NOON_MS + late, "CN")[1] for late in (-1, 0, 1)]
    assert at == [None, "own", None]


def test_a_row_for_anywhere_binds_every_number() -> None:
    policy = Policy((hours(jurisdiction=ANYWHERE),))
    for place in (SHANGHAI, Place("US", ("Asia/Shanghai",)), Place(None, ("Asia/Shanghai",))):
        assert policy.calling_hours(CALL, NOON_MS, place) == (("hours",), (), None)


def test_a_draft_is_kept_to_be_shown_and_binds_nobody() -> None:
    draft = replace(hours(), confidence=DRAFT)
    policy = Policy((draft,))
    assert policy.calling_hours(CALL, NOON_MS, NOWHERE).rows == ()
    assert policy.find("hours") == draft
    assert policy.find("other") is None


def test_what_holds_without_rows() -> None:
    policy = Policy()
    assert policy.basis_required("acme", Purpose.MARKETING, NOON_MS) == (True, "default")
    assert policy.basis_required("acme", Purpose.SERVICE, NOON_MS) == (False, "default")
    assert policy.not_now_max_ms("acme", NOON_MS, "CN") == (30 * DAY_MS, "default")
    assert policy.retention_days(NOON_MS) == (BUILT_IN_DAYS[What.RETENTION], "default")
    assert policy.honour_within_days("acme", NOON_MS, "CN") == (None, None)


def test_a_law_may_ask_for_less_history_and_more_is_kept() -> None:
    rows = [row(What.RETENTION, kept, f"r{kept}", "US") for kept in (184, 3650, 2000)]
    assert Policy(tuple(rows[:1])).retention_days(NOON_MS) == (1827, "default")
    assert Policy(tuple(rows)).retention_days(NOON_MS) == (3650, "r3650")
    found = [Policy((one,)).retention_days(NOON_MS)[0] for one in rows]
    assert all(days >= 1827 for days in found)
    assert not any(is_looser(What.RETENTION, b, a) for a, b in pairwise(sorted(found)))


def test_more_kinds_of_contact_than_are_remembered_get_the_same_answer() -> None:
    row = PolicyRow("off", "CN", What.BASIS_REQUIRED, False, 0, None, "made up", "primary", "beta")
    policy = Policy((row,))
    for n in range(5000):
        assert policy.basis_required(f"entity-{n}", Purpose.MARKETING, NOON_MS)[0]
    assert policy.basis_required("beta", Purpose.MARKETING, NOON_MS) == (False, "off")
