"""Words that people send: whole messages, normalised (rules of refusal 11)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.reference.words import load_words
from producers.keywords import Meaning, meaning_of

WORDS = load_words()
_OUTER = "【】()（）。！!.,，“”\"' \u3000\u200b"


@pytest.mark.parametrize("word", sorted(WORDS.refuse))
@pytest.mark.parametrize(
    "form", ["{}", " {} ", "【{}】", "“{}”。", "回复{}", "复 {}", "{}，谢谢", "{} please"]
)
def test_every_refusal_in_every_form(word: str, form: str) -> None:
    assert meaning_of(form.format(word), WORDS) is Meaning.REFUSE
    assert meaning_of(form.format(word.lower()), WORDS) is Meaning.REFUSE


@given(
    st.sampled_from(sorted(WORDS.refuse)),
    st.text(_OUTER, max_size=6),
    st.text(_OUTER, max_size=6),
)
def test_what_stands_around_a_keyword_does_not_matter(word: str, left: str, right: str) -> None:
    assert meaning_of(left + word + right, WORDS) is Meaning.REFUSE


@pytest.mark.parametrize(
    "text", ["ＴＤ", "Ｔ", "T\u200bD", "退訂", "取消訂閱", "回覆TD", "復T", "０００００"]
)
def test_full_width_zero_width_and_traditional(text: str) -> None:
    assert meaning_of(text, WORDS) is Meaning.REFUSE


@pytest.mark.parametrize(
    "text",
    [
        "请回复TD退订是什么意思",
        "don't stop calling",
        "N号楼",
        "取消订单",
        "STOPPLEASE",
        "STOP START",
        "TDX",
        "",
        "？",
        "好",
    ],
)
def test_near_misses_are_unclear(text: str) -> None:
    assert meaning_of(text, WORDS) is Meaning.UNCLEAR


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("start", Meaning.CONSENT),
        ("UnStop.", Meaning.CONSENT),
        ("YES", Meaning.ANSWER),
        ("help", Meaning.HELP),
        ("帮助", Meaning.HELP),
        ("幫助", Meaning.HELP),
    ],
)
def test_other_meanings(text: str, meaning: Meaning) -> None:
    assert meaning_of(text, WORDS) is meaning


@pytest.mark.parametrize(
    "text",
    ["帮助退订", "HELP 退订", "info退訂", "START退订", "START 退订", "unstop退订", "YES退订"],
)
def test_a_refusing_ending_makes_no_other_keyword(text: str) -> None:
    assert meaning_of(text, WORDS) is Meaning.UNCLEAR


@pytest.mark.parametrize(
    "text", ["START🚫", "❌ start", "START🚫 谢谢", "UNSTOP~", "START\U000e0fff", "START\ud83d"]
)
def test_a_symbol_makes_a_consent_unclear(text: str) -> None:
    assert meaning_of(text, WORDS) is Meaning.UNCLEAR


@pytest.mark.parametrize("text", ["TD🚫", "🚫退订", "stop ~"])
def test_a_symbol_takes_nothing_from_a_refusal(text: str) -> None:
    assert meaning_of(text, WORDS) is Meaning.REFUSE


@given(st.text(max_size=200))
def test_any_text_has_a_meaning_and_form_does_not_change_it(text: str) -> None:
    assert meaning_of(text, WORDS) is meaning_of(unicodedata.normalize("NFKC", text), WORDS)
