"""Whole messages: keywords in every dress, and what only looks like one (rules of refusal 11)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.reference.words import REQUIRED_REFUSALS, load_words
from consentlog.words import Verdict, judge
from consentlog.words.lexicon import Kind

WORDS = load_words()
REFUSALS = sorted(WORDS.of(Kind.REFUSE))
_OUTER = "【】()（）。！!.,，“”\"' \u3000\u200b"


@pytest.mark.parametrize("word", REFUSALS)
@pytest.mark.parametrize(
    "form", ["{}", " {} ", "【{}】", "“{}”。", "回复{}", "复 {}", "{}，谢谢", "{} please"]
)
def test_every_refusal_in_every_form(word: str, form: str) -> None:
    assert judge(form.format(word), WORDS).verdict is Verdict.REFUSE
    assert judge(form.format(word.lower()), WORDS).verdict is Verdict.REFUSE


def test_the_rule_names_the_keyword() -> None:
    assert judge("回复td，谢谢", WORDS).rule == "keyword:CN:TD"
    assert judge("stop", WORDS).rule == "keyword:EN:STOP"


@given(
    st.sampled_from(sorted(REQUIRED_REFUSALS)),
    st.text(_OUTER, max_size=6),
    st.text(_OUTER, max_size=6),
)
def test_what_stands_around_a_keyword_does_not_matter(word: str, left: str, right: str) -> None:
    assert judge(left + word + right, WORDS).verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    "text",
    [
        "ＴＤ",
        "Ｔ",
        "T\u200bD",
        "退訂",
        "取消訂閱",
        "回覆TD",
        "復T",
        "０００００",
        "T\ufe0fD",
    ],
)
def test_full_width_zero_width_and_traditional(text: str) -> None:
    assert judge(text, WORDS).verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    "text", ["N号楼", "取消订单", "TDX", "", "？", "好", "T恤", "end of story"]
)
def test_a_keyword_inside_something_else_is_nothing(text: str) -> None:
    assert judge(text, WORDS) == (Verdict.NONE, "none")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("TD TD", "near:keyword:CN:TD"),
        ("s-t-o-p", "near:keyword:EN:STOP"),
        ("STOPPPP", "near:keyword:EN:STOP"),
        ("unsubsribe", "near:keyword:EN:UNSUBSRIBE"),
        ("cancell", "near:keyword:EN:CANCEL"),
        ("退定", "near:keyword:CN:退定"),
        ("发TD", "near:keyword:CN:TD"),
    ],
)
def test_almost_a_keyword_is_read_by_a_person(text: str, rule: str) -> None:
    assert judge(text, WORDS) == (Verdict.REVIEW, rule)


@pytest.mark.parametrize(
    ("text", "verdict", "rule"),
    [
        ("start", Verdict.CONSENT, "keyword:EN:START"),
        ("UnStop.", Verdict.CONSENT, "keyword:EN:UNSTOP"),
        ("help", Verdict.HELP, "keyword:EN:HELP"),
        ("帮助", Verdict.HELP, "keyword:CN:帮助"),
        ("幫助", Verdict.HELP, "keyword:CN:帮助"),
    ],
)
def test_other_meanings(text: str, verdict: Verdict, rule: str) -> None:
    assert judge(text, WORDS) == (verdict, rule)


def test_a_yes_is_an_answer_to_a_question_that_nothing_records() -> None:
    found = judge("Yes!", WORDS)
    assert found == (Verdict.REVIEW, "answer:keyword:EN:YES")
    assert found.is_answer


@pytest.mark.parametrize(
    "text",
    ["帮助退订", "HELP 退订", "info退訂", "START退订", "START 退订", "unstop退订", "YES退订"],
)
def test_a_refusing_ending_makes_no_other_keyword(text: str) -> None:
    found = judge(text, WORDS)
    assert found.verdict is Verdict.REVIEW
    assert found.rule.startswith("mixed:")


@pytest.mark.parametrize(
    "text",
    [
        "START🚫",
        "❌ start",
        "START🚫 谢谢",
        "UNSTOP~",
        "START\U000e0fff",
        "START\ud83d",
        "START?",
        "start？",
    ],
)
def test_a_sign_of_doubt_makes_a_consent_unclear(text: str) -> None:
    assert judge(text, WORDS) in {
        (Verdict.REVIEW, "unsure:keyword:EN:START"),
        (Verdict.REVIEW, "unsure:keyword:EN:UNSTOP"),
    }


@pytest.mark.parametrize(
    "text", ["STOP START", "START STOP", "S T A R T", "STARTT", "please start", "START now"]
)
def test_nothing_but_the_keyword_is_a_consent(text: str) -> None:
    assert judge(text, WORDS).verdict is not Verdict.CONSENT


@pytest.mark.parametrize("text", ["TD🚫", "🚫退订", "stop ~"])
def test_a_symbol_takes_nothing_from_a_refusal(text: str) -> None:
    assert judge(text, WORDS).verdict is Verdict.REFUSE


@given(st.text(max_size=200))
def test_any_text_has_a_meaning_and_form_does_not_change_it(text: str) -> None:
    assert judge(text, WORDS) == judge(unicodedata.normalize("NFKC", text), WORDS)


@given(st.text(max_size=60))
def test_only_a_keyword_is_a_consent(text: str) -> None:
    found = judge(text, WORDS)
    if found.verdict is Verdict.CONSENT:
        assert found.rule in {"keyword:EN:START", "keyword:EN:UNSTOP"}
