"""Phrases, and what takes their force: negation, quotation, question, somebody else's affairs."""

from __future__ import annotations

import time

import pytest

from consentlog.reference.words import load_words
from consentlog.words import Verdict, judge

WORDS = load_words()


@pytest.mark.parametrize(
    "text",
    [
        "不要再打",
        "别再打",
        "不要给我打电话",
        "不要打电话",
        "请勿来电",
        "谢绝来电",
        "别发了",
        "不要再发",
        "拒绝推销",
        "停止推送",
        "不要骚扰",
        "stop calling",
        "do not call",
        "don't call",
        "don’t call",
        "stop texting",
        "take me off",
        "remove me from",
        "leave me alone",
        "STOP CALLING!!!",
        "別再打電話來了",
        "請勿再傳簡訊",
        "删掉我的号码",
        "把我拉黑",
        "不 要 再 打 电 话",
        "stop texting me plz",
        "wrong number, remove me",
        "😡别再打了😡",
        "不要再打了",
        "唔好再打嚟",
    ],
)
def test_a_phrase_anywhere_is_a_refusal(text: str) -> None:
    for form in ("{}", "喂！{}！", "hello. {}."):
        assert judge(form.format(text), WORDS).verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("请回复TD退订是什么意思", "quoted"),
        ("他说“别再打了”", "quoted"),
        ("don't stop calling", "negated"),
        ("我没有要退订", "negated"),
        ("怎么退订？", "question"),
        ("how do I unsubscribe?", "question"),
    ],
)
def test_a_phrase_in_doubt_is_read_by_a_person(text: str, reason: str) -> None:
    found = judge(text, WORDS)
    assert found.verdict is Verdict.REVIEW
    assert found.rule.startswith(reason)


@pytest.mark.parametrize(
    "text",
    [
        "别再打游戏了",
        "请不要打电话给他",
        "I can't stop laughing",
        "don't call it quits",
        "T恤还有吗",
        "取消订单",
        "别忘了给我打电话",
        "请勿忘记带伞",
        "the bus stop is closed",
        "don't stop me now",
    ],
)
def test_other_talk_is_nothing(text: str) -> None:
    assert judge(text, WORDS) == (Verdict.NONE, "none")


@pytest.mark.parametrize(
    "text",
    [
        "我在开会，请不要打电话",
        "Auto-reply: please do not call",
        "[自动回复] 您好，退订请回T",
        "开车中，请勿来电",
    ],
)
def test_an_auto_reply_is_nothing(text: str) -> None:
    found = judge(text, WORDS)
    assert found.verdict is Verdict.NONE
    assert found.rule.startswith("auto_reply:")


def test_a_word_for_good_counts_in_a_meeting_too() -> None:
    assert judge("在开会！别再打骚扰电话了", WORDS).verdict is Verdict.REFUSE


def test_one_clear_refusal_outweighs_a_doubtful_one() -> None:
    assert judge("退订是什么意思？别再打了！", WORDS).verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    "unit", ["不要", "退订TD", "stop ", '"', "别再", "don't ", "TD", "'", "「", "a"]
)
def test_the_time_grows_with_the_length_only(unit: str) -> None:
    began = time.process_time()
    judge(unit * (8192 // len(unit)), WORDS)
    assert time.process_time() - began < 2
