"""The fast path finds what the library finds, on whatever is written in a field."""

from __future__ import annotations

import unicodedata

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from consentlog.numbers import normalise as module
from consentlog.numbers.fast import read_common
from consentlog.numbers.normalise import Normalised, normalise
from tests.support.written_numbers import written_numbers


def by_library(raw: str, region: str | None) -> str:
    """The plain library call, without any step of ours before it."""
    number = phonenumbers.parse(raw, region)
    assert phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def disagreements(count: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int]:
    """Compare both paths; also how often the fast one answered."""
    differing, fast = [], 0
    pairs = list(written_numbers(count, seed))
    found = [normalise(raw, region) for raw, region in pairs]
    with monkeypatch.context() as patch:
        patch.setattr(module, "read_common", lambda _text, _region: None)
        for (raw, region), ours in zip(pairs, found, strict=True):
            theirs = normalise(raw, region)
            text = unicodedata.normalize("NFKC", raw).strip()
            subject = read_common(text, region) if len(raw) <= module.MAX_TEXT else None
            fast += subject is not None
            plain = by_library(text, region) if subject else None
            if ours != theirs or subject != plain:
                differing.append(f"{raw!r} {region}: {ours} {theirs} {subject} {plain}")
    return differing, fast


def test_no_disagreement_on_50_000_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    differing, fast = disagreements(50_000, 0, monkeypatch)
    assert differing == []
    assert fast > 10_000


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(9))
def test_no_disagreement_on_a_million_inputs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    differing, fast = disagreements(125_000, seed, monkeypatch)
    print(f"125,000 inputs, seed {seed}: {fast:,} read fast, {len(differing)} disagreements")
    assert differing == []
    assert fast > 25_000


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_every_range_of_chinese_numbers_is_read_as_the_library_reads_it() -> None:
    """All five-digit starts in every length, with and without what may stand before them."""
    for start in range(100_000):
        number = f"{start:05d}{start * 7919 % 1_000_000:06d}"
        for raw in (number, f"+86{number}", f"0{number[:10]}", f"+86{number[:10]}", number[:10]):
            subject = read_common(raw, "CN")
            assert subject is None or subject == by_library(raw, "CN"), raw


@pytest.mark.parametrize(
    "raw",
    [
        "13800138000", "+8613800138000", "008613800138000", "8613800138000", "013800138000",
        "138 0013 8000", "138-0013-8000", "+86 138-0013-8000", "(+86)13800138000",
        "+86 (0)138 0013 8000",
    ],
)  # fmt: skip
def test_the_common_shapes_do_not_need_the_library(raw: str) -> None:
    assert read_common(raw, "CN") == "+8613800138000"


@pytest.mark.parametrize("region", ["CN", "US", "GB", "DE", "RU", "BR", "AR", "JP"])
def test_what_is_kept_for_a_start_holds_whatever_follows(region: str) -> None:
    """The last digits at their ends, and one of them apart: where a pattern would tell them."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    national = str(example.national_number)
    code = str(example.country_code)
    ends = [str(digit) * 6 for digit in range(10)]
    ends += [f"{'5' * at}{digit}{'5' * (5 - at)}" for at in range(6) for digit in range(10)]
    for raw in (national, f"+{code}{national}", f"{code}{national}", f"0{national}"):
        for end in ends:
            subject = read_common(raw[:-6] + end, region)
            assert subject is None or subject == by_library(raw[:-6] + end, region)


def test_other_plans_do_not_either() -> None:
    assert read_common("+16502530000", None) == "+16502530000"
    assert read_common("(650) 253-0000", "US") == "+16502530000"
    assert read_common("1-650-253-0000", "US") == "+16502530000"
    assert read_common("011 86 138 0013 8000", "US") == "+8613800138000"
    assert read_common("010-62345678", "CN") == "+861062345678"
    assert read_common("+442079460958", "CN") == "+442079460958"


@pytest.mark.parametrize(
    ("raw", "region"),
    [
        ("13800138000", None),
        ("13800138000", "cn"),
        ("13800138000", "ZZ"),
        ("12800138000", "CN"),
        ("1380013800", "CN"),
        ("138001380000", "CN"),
        ("+86", None),
        ("+", None),
        ("", "CN"),
        ("+0613800138000", "CN"),
        ("0000008613800138000", "CN"),
        ("6132345678", "CA"),
        ("+390612345678", "IT"),
        ("١٣٨٠٠١٣٨٠٠٠", "CN"),
        ("+80012345678", None),
    ],
)
def test_what_it_is_not_sure_of_it_leaves(raw: str, region: str | None) -> None:
    assert read_common(raw, region) is None


def test_a_result_is_of_the_one_type() -> None:
    assert normalise(" +86 138 0013 8000\t", None) == Normalised("+8613800138000")
