"""Every example of rules of refusal 10, and the traps around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.subject import is_subject
from consentlog.numbers.normalise import Normalised, Quarantined, QuarantineReason, normalise

SAME = [
    "13800138000",
    "+8613800138000",
    "008613800138000",
    "8613800138000",
    "013800138000",
    "+86 0138 0013 8000",
    "１３８００１３８０００",
    "＋８６１３８００１３８０００",
    "tel:+86-138-0013-8000",
    "TEL: 13800138000",
    "138 0013 8000",
    "138-0013-8000",
    "\u200b13800138000\u202c",
    "\u00a0138\u30000013\u00a08000 ",
    "1259313800138000",
    "1795113800138000",
    "17909013800138000",
    "17951013800138000",
    "13800138000转8",
    "13800138000 分机 801",
    "13800138000 ext. 12",
    "13800138000x12",
    "13800138000-801",
    "(+86)13800138000",
]


@pytest.mark.parametrize("raw", SAME)
def test_one_subject_for_every_way_of_writing_it(raw: str) -> None:
    assert normalise(raw, "CN") == Normalised("+8613800138000")


@pytest.mark.parametrize(
    "raw",
    [
        "62345678",
        "95588",
        "12321",
        "110",
        "85291234567",
        "13800138000 13900139000",
        "13800138000/13900139000",
        "13800138000,13900139000",
        "13800138000、13900139000",
        "13800138000;13900139000",
        "13800138000或13900139000",
        "13800138000#13900139000",
        "13800138000(13900139000)",
        "13800138000-13900139000",
        "138****8000",
        "138xxxx8000",
        "1-800-FLOWERS",
        "13800138000 王先生",
        "",
        "   ",
        "+",
        "abc",
        "00000000000",
        "1380013800",
        "138001380001",
        "9" * 300,
        "+8613800138000;phone-context=+1",
    ],
)
def test_what_needs_a_guess_is_quarantined(raw: str) -> None:
    found = normalise(raw, "CN")
    assert isinstance(found, Quarantined), found
    assert not any(char.isdigit() for char in found.reason.value)


def test_the_region_comes_from_the_source() -> None:
    assert normalise("16502530000", "US") == Normalised("+16502530000")
    assert normalise("16502530000", "CN") == Normalised("+8616502530000")
    assert normalise("16502530000", None) == Quarantined(QuarantineReason.NO_REGION)
    assert normalise("+16502530000", None) == Normalised("+16502530000")


def test_a_masked_number_would_parse_and_must_not() -> None:
    assert normalise("138****8000", "CN") == Quarantined(QuarantineReason.NOT_ONLY_DIGITS)


def test_an_unmarked_extension_is_cut_only_if_the_whole_is_invalid() -> None:
    assert normalise("010-62345678-801", "CN") == Normalised("+861062345678")
    assert normalise("010-6234-5678", "CN") == Normalised("+861062345678")


@given(st.text(max_size=80), st.sampled_from(["CN", "US", None]))
def test_any_text_gives_a_subject_or_a_reason(raw: str, region: str | None) -> None:
    found = normalise(raw, region)
    assert isinstance(found, Quarantined) or is_subject(found.subject)


@given(st.sampled_from(SAME))
def test_a_subject_normalises_to_itself(raw: str) -> None:
    found = normalise(raw, "CN")
    assert isinstance(found, Normalised)
    assert normalise(found.subject, None) == found
