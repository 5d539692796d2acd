"""`policy.toml`: all six kinds of row, and every doubt refused at its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from consentlog.domain.hours import Hours
from consentlog.domain.place import NOWHERE, Place
from consentlog.domain.policy import Policy, PolicyRow, What, is_looser
from consentlog.domain.registry import Entity, Registry
from consentlog.domain.scope import Contact
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.errors import FatalError
from consentlog.reference import load
from consentlog.reference.demo import render
from consentlog.reference.load import load_policy

NOON_MS = 1_763_784_000_000
HOUR_MS = 3_600_000
CALL = Contact("acme", Purpose.MARKETING, Channel.VOICE)
SHANGHAI = Place("CN", ("Asia/Shanghai",))
REGISTRY = Registry(entities={"acme": Entity("acme")})
PACKAGED = Path(load.__file__).parent
DAYS = ["grant_max_age", "honour_within", "retention", "not_now_max"]


def legal(name: str, what: str, value: str, *more: str, jurisdiction: str = "CN") -> str:
    return _row("legal", name, what, value, jurisdiction, more) + (
        'citation = "a law"\nconfidence = "primary"\n'
    )


def own(name: str, what: str, value: str, *more: str, jurisdiction: str = "CN") -> str:
    return _row("deployment", name, what, value, jurisdiction, more) + 'reason = "a choice"\n'


def _row(
    table: str, name: str, what: str, value: str, jurisdiction: str, more: tuple[str, ...]
) -> str:
    fields = "".join(f"{field}\n" for field in more)
    return (
        f'\n[[{table}]]\nid = "{name}"\njurisdiction = "{jurisdiction}"\nwhat = "{what}"\n'
        f"value = {value}\nfrom = 2020-01-01T00:00:00+08:00\n{fields}"
    )


def hours(opens: str, closes: str) -> str:
    return f'{{ opens = "{opens}", closes = "{closes}" }}'


def read(directory: Path, *rows: str, registry: Registry | None = REGISTRY) -> Policy:
    path = directory / "policy.toml"
    path.write_text("version = 1\n" + "".join(rows), "utf-8")
    return load_policy(path, registry)


def refusal(directory: Path, *rows: str, registry: Registry | None = REGISTRY) -> FatalError:
    with pytest.raises(FatalError) as caught:
        read(directory, *rows, registry=registry)
    error = caught.value
    line = error.params["line"]
    assert f"policy.toml, line {line}" in error.what()
    assert re.fullmatch(
        r"\[\[(legal|deployment)\]\]",
        (directory / "policy.toml").read_text("utf-8").splitlines()[int(str(line)) - 1],
    )
    return error


def test_all_six_kinds_are_read(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        legal("basis", "basis_required", "true"),
        legal("hours", "calling_hours", hours("09:00", "21:00"), 'purpose = "marketing"'),
        own("age", "grant_max_age", "365", 'entity = "acme"', 'channel = "voice"'),
        legal("honour", "honour_within", "10", jurisdiction="US"),
        own("keep", "retention", "3650", jurisdiction="*"),
        own("later", "not_now_max", "14", 'entity = "acme"'),
    )
    assert {row.what for row in policy.rows} == set(What)
    assert policy.rows[1].value == Hours(540, 1260)
    found = policy.find("age")
    assert found is not None
    assert (found.entity, found.channel) == ("acme", Channel.VOICE)
    assert policy.grant_max_age_ms(CALL, NOON_MS, "CN") == (365 * 24 * HOUR_MS, "age")
    assert policy.honour_within_days("acme", NOON_MS, "US") == (10, "honour")
    assert policy.retention_days(NOON_MS) == (3650, "keep")
    assert policy.not_now_max_ms("acme", NOON_MS, "CN") == (14 * 24 * HOUR_MS, "later")


WRONG_VALUES = [
    ("basis_required", "1", "true or false"),
    ("basis_required", '"true"', "true or false"),
    ("calling_hours", "true", "hours in which calls are allowed"),
    ("calling_hours", '"09:00-21:00"', "hours in which calls are allowed"),
    ("calling_hours", hours("21:00", "09:00"), "no window crosses midnight"),
    ("calling_hours", hours("09:00", "09:00"), "no window crosses midnight"),
    ("calling_hours", hours("9:00", "21:00"), "no time of the day"),
    ("calling_hours", hours("09:00", "24:01"), "no time of the day"),
    ("calling_hours", hours("09:00", "25:00"), "no time of the day"),
    ("calling_hours", "{ opens = 9, closes = 21 }", "no time of the day"),
    ("calling_hours", '{ opens = "09:00" }', "`opens` and `closes`"),
    ("calling_hours", '{ opens = "09:00", closes = "21:00", x = 1 }', "`opens` and `closes`"),
    ("grant_max_age", "0", "whole days"),
    ("grant_max_age", "1.5", "whole days"),
    ("grant_max_age", "true", "whole days"),
    ("grant_max_age", hours("09:00", "21:00"), "whole days"),
    ("honour_within", "-1", "0 for at once"),
    ("retention", '"5 years"', "whole days"),
    ("not_now_max", "31", "1 to 30"),
    ("night_calls", "true", "night_calls is unknown; known: basis_required"),
]


@pytest.mark.parametrize(("what", "value", "reason"), WRONG_VALUES)
def test_a_value_that_its_kind_does_not_have_is_refused(
    tmp_path: Path, what: str, value: str, reason: str
) -> None:
    for writer in (legal, own):
        error = refusal(
            tmp_path, legal("fine", "basis_required", "true"), writer("row", what, value)
        )
        assert (error.code, error.params["line"]) == ("CL-6061", 12)
        assert reason in error.what()


WRONG_ROWS = [
    (own("row", "retention", "4000", 'entity = "acme"'), "cannot be narrowed by entity"),
    (own("row", "not_now_max", "9", 'channel = "sms"'), "cannot be narrowed by channel"),
    (own("row", "basis_required", "true", 'channel = "sms"'), "narrowed by channel"),
    (own("row", "honour_within", "9", 'purpose = "service"'), "narrowed by purpose"),
    (own("row", "grant_max_age", "9", 'entity = "acne"'), "does not know the entity acne"),
    (legal("row", "grant_max_age", "9", 'entity = "acne"'), "does not know the entity acne"),
    (own("row", "grant_max_age", "9", 'brand = "life"'), "brand"),
    (own("row", "grant_max_age", "9", 'channel = "fax"'), "channel"),
    (own("row", "grant_max_age", "9", jurisdiction="UK"), "UK is no region"),
    (legal("row", "grant_max_age", "9", jurisdiction="EU"), "EU is no region"),
    (legal("row", "grant_max_age", "9", jurisdiction="*"), "no region"),
    (own("fine", "grant_max_age", "9"), "twice"),
    (own("default", "grant_max_age", "9"), "stands for no row"),
]


@pytest.mark.parametrize(("row", "reason"), WRONG_ROWS, ids=[one[1] for one in WRONG_ROWS])
def test_a_row_that_would_not_do_what_it_says_is_refused(
    tmp_path: Path, row: str, reason: str
) -> None:
    error = refusal(tmp_path, legal("fine", "basis_required", "true"), row)
    assert (error.code, error.params["line"]) == ("CL-6061", 12)
    assert reason in error.what()


def test_without_a_registry_the_entities_are_not_checked(tmp_path: Path) -> None:
    row = own("row", "grant_max_age", "9", 'entity = "acne"')
    assert len(read(tmp_path, row, registry=None).rows) == 1


LOOSER = [
    ("basis_required", "true", "false"),
    ("calling_hours", hours("09:00", "21:00"), hours("08:59", "21:00")),
    ("calling_hours", hours("09:00", "21:00"), hours("09:00", "21:01")),
    ("grant_max_age", "365", "366"),
    ("honour_within", "10", "11"),
    ("retention", "2000", "1999"),
    ("not_now_max", "14", "15"),
]


@pytest.mark.parametrize(("what", "law", "value"), LOOSER)
def test_a_row_looser_than_the_law_stops_the_start(
    tmp_path: Path, what: str, law: str, value: str
) -> None:
    for place in ("CN", "*"):
        mine = own("mine", what, value, jurisdiction=place)
        error = refusal(tmp_path, legal("law", what, law), mine)
        assert (error.code, error.params["line"]) == ("CL-6062", 12)
        assert (error.params["legal"], error.params["row"]) == ("law", "mine")
    assert len(read(tmp_path, legal("law", what, value), own("mine", what, law)).rows) == 2
    elsewhere = own("mine", what, value, jurisdiction="US")
    assert len(read(tmp_path, legal("law", what, law), elsewhere).rows) == 2


@pytest.mark.parametrize("value", ["1826", "365", "1"])
def test_history_is_never_kept_shorter_than_the_rules_say(tmp_path: Path, value: str) -> None:
    error = refusal(tmp_path, own("mine", "retention", value))
    assert (error.code, error.params["legal"]) == ("CL-6062", "default")
    assert "1827" in error.why()
    assert read(tmp_path, legal("law", "retention", value)).retention_days(NOON_MS)[0] == 1827


def test_a_draft_is_guidance_and_does_not_make_a_row_looser(tmp_path: Path) -> None:
    draft = legal("draft", "calling_hours", hours("10:00", "20:00")).replace("primary", "draft")
    policy = read(tmp_path, draft, own("mine", "calling_hours", hours("09:00", "21:00")))
    late_ms = NOON_MS + 8 * HOUR_MS + HOUR_MS // 2
    assert policy.calling_hours(CALL, late_ms, SHANGHAI) == (("mine",), (), None)
    assert policy.find("draft") is not None


CONTRADICTIONS = [
    (own("a", "grant_max_age", "30"), own("b", "grant_max_age", "60"), "otherwise"),
    (own("a", "not_now_max", "7"), own("b", "not_now_max", "9"), "otherwise"),
    (
        own("a", "calling_hours", hours("09:00", "12:00")),
        own("b", "calling_hours", hours("09:00", "13:00"), 'channel = "voice"'),
        "otherwise",
    ),
    (
        own("a", "calling_hours", hours("09:00", "12:00"), 'entity = "acme"'),
        own("b", "calling_hours", hours("12:00", "13:00")),
        "no minute of the day",
    ),
    (
        legal("a", "calling_hours", hours("09:00", "12:00")),
        legal("b", "calling_hours", hours("13:00", "14:00")),
        "no minute of the day",
    ),
]


@pytest.mark.parametrize(("one", "other", "reason"), CONTRADICTIONS)
def test_rows_that_cannot_both_be_meant_stop_the_start(
    tmp_path: Path, one: str, other: str, reason: str
) -> None:
    error = refusal(tmp_path, one, other)
    assert error.code == "CL-6061"
    assert reason in error.what()
    assert "row a (line 3)" in error.what()
    in_turn = one + "to = 2021-01-01T00:00:00+08:00\n", other.replace("2020-01-01", "2021-01-01")
    assert len(read(tmp_path, *in_turn).rows) == 2


def test_two_laws_may_differ_and_the_stricter_wins(tmp_path: Path) -> None:
    laws = [legal(f"law{days}", "grant_max_age", str(days)) for days in (90, 30, 60)]
    assert read(tmp_path, *laws).grant_max_age_ms(CALL, NOON_MS, "CN")[1] == "law30"


law_windows = st.tuples(st.integers(4, 8), st.integers(18, 22))
own_windows = st.tuples(st.integers(6, 11), st.integers(13, 19))
scopes = st.lists(
    st.sampled_from(['entity = "acme"', 'purpose = "marketing"', 'channel = "voice"']),
    unique=True,
    max_size=3,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_accepted_row_allows_what_the_law_denies(tmp_path: Path, data: st.DataObject) -> None:
    def rows(window: st.SearchStrategy[tuple[int, int]], table: str) -> list[str]:
        drawn = data.draw(st.lists(st.tuples(window, scopes), min_size=1, max_size=2))
        write = legal if table == "legal" else own
        return [
            write(f"{table}{n}", "calling_hours", hours(f"{o:02}:00", f"{c:02}:00"), *scope)
            for n, ((o, c), scope) in enumerate(drawn)
        ]

    laws, mine = rows(law_windows, "legal"), rows(own_windows, "deployment")
    try:
        policy = read(tmp_path, *laws, *mine)
    except FatalError:
        event("refused")
        return
    event("accepted")
    law = Policy(tuple(row for row in policy.rows if row.confidence != "deployment"))
    at_ms = NOON_MS + data.draw(st.integers(0, 47)) * HOUR_MS // 2
    place = data.draw(st.sampled_from([SHANGHAI, NOWHERE, Place(None, SHANGHAI.zones)]))
    if law.calling_hours(CALL, at_ms, place).closed_by:
        assert policy.calling_hours(CALL, at_ms, place).closed_by


@pytest.mark.parametrize("what", DAYS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(law=st.integers(1, 30), mine=st.integers(1, 30))
def test_the_loader_takes_a_row_just_if_it_is_not_looser(
    tmp_path: Path, what: str, law: int, mine: int
) -> None:
    more = 1827 if what == "retention" else 0
    law, mine = law + more, mine + more
    rows = legal("law", what, str(law)), own("mine", what, str(mine))
    if is_looser(What(what), mine, law):
        assert refusal(tmp_path, *rows).code == "CL-6062"
    else:
        assert len(read(tmp_path, *rows).rows) == 2


def test_the_example_packs_load_and_say_what_they_claim() -> None:
    china = load_policy(PACKAGED / "policy-cn.toml")
    night = NOON_MS + 9 * HOUR_MS
    assert china.calling_hours(CALL, night - 1, SHANGHAI).closed_by == ()
    assert china.calling_hours(CALL, night, SHANGHAI).closed_by == ("cn-insurance-hours",)
    rule = china.find("cn-insurance-hours")
    assert rule is not None
    assert rule.confidence == "secondary"
    assert "not verified" in rule.citation
    states = load_policy(PACKAGED / "policy-us.toml")
    assert states.honour_within_days("acme", NOON_MS, "US") == (10, "us-honour")
    assert states.retention_days(NOON_MS) == (1827, "us-records")
    packs = sorted(path.name for path in PACKAGED.glob("policy-*.toml"))
    assert packs == ["policy-cn.toml", "policy-us.toml"]


def test_the_demos_answers_do_not_depend_on_the_hour(tmp_path: Path) -> None:
    render(tmp_path)
    policy = load_policy(tmp_path / "policy.toml", load.load_registry(tmp_path / "registry.toml"))
    kinds: set[What] = {row.what for row in policy.rows}
    assert What.CALLING_HOURS not in kinds
    assert What.GRANT_MAX_AGE not in kinds


def test_a_row_remembers_where_it_comes_from(tmp_path: Path) -> None:
    row: PolicyRow = read(tmp_path, own("mine", "not_now_max", "7")).rows[0]
    assert (row.citation, row.confidence, row.jurisdiction) == ("a choice", "deployment", "CN")
