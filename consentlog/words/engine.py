"""The judgement: auto-replies, whole messages, phrases, what looks like intent, in this order."""

from __future__ import annotations

from typing import Final

from consentlog.words.context import doubt
from consentlog.words.keyword import judge_whole
from consentlog.words.lexicon import Index, Judgement, Verdict, Words
from consentlog.words.text import Message, read

_MOST_DOUBTS: Final = 32  # each looks at the whole message; a text of thousands would take seconds

NOTHING = Judgement(Verdict.NONE, "none")
"""What a message says that has nothing to do with contact."""


def judge(text: str, words: Words) -> Judgement:
    """Judge one message.

    Args:
        text: As it came, of any length; the time taken grows with the length only.
        words: From `consentlog.reference.words.load_words`.

    Returns:
        A verdict with the rule that fired. `CONSENT` comes from a whole-message keyword alone and
        is not yet a grant; `REVIEW` needs a person, who finds a hold; `NONE` asks for nothing.

    Source: rules of refusal 11, steps 0 to 4.
    """
    message = read(text, words.simplified)
    if (auto := _first(words.auto, message)) is not None:
        return Judgement(Verdict.NONE, auto)
    busy = _first(words.busy, message)
    if busy is None and (whole := judge_whole(message, words)) is not None:
        return whole
    # Who is in a meeting asks for no calls now; a word for good stands all the same.
    phrase = _judge_phrases(message, words, passing=busy is None)
    if phrase is not None:
        return phrase
    intent = busy or _first(words.intents, message)
    verdict = Verdict.NONE if busy or intent is None else Verdict.REVIEW
    return NOTHING if intent is None else Judgement(verdict, intent)


def _first(rules: Index, message: Message) -> str | None:
    found = next(rules.find(message), None)
    return None if found is None else found.rule.id


def _judge_phrases(message: Message, words: Words, *, passing: bool) -> Judgement | None:
    """Judge by the phrases: one clear refusal outweighs any number of doubtful ones."""
    unclear: Judgement | None = None
    doubts = 0
    for found in words.phrases.find(message):
        if found.rule.passing and not passing:
            continue
        reason = doubt(found, message, words.marks)
        if reason is None:
            return Judgement(Verdict.REFUSE, found.rule.id)
        unclear = unclear or Judgement(Verdict.REVIEW, f"{reason}:{found.rule.id}")
        doubts += 1
        if doubts == _MOST_DOUBTS:
            break
    return unclear
