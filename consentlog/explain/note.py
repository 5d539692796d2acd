"""A decision as a short legal note: what was decided, why, on which records, by which rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from consentlog.errors import Language
from consentlog.explain.sentences import Fields, is_behind, say_fact, say_instant, say_scope
from consentlog.explain.wording import knows, say_reason, word


def note(who: str, answer: Mapping[str, Any], lang: Language) -> list[str]:
    """Write the note of one answer.

    Args:
        who: The number, masked unless the reader named it.
        answer: `verdict`, `reasons`, perhaps `granted_by`, and `explanation`, as the gate sends
            them.
        lang: Language to write in.

    Returns:
        Lines.
    """
    return _Note(answer, lang).lines(who)


class _Note:
    def __init__(self, answer: Mapping[str, Any], lang: Language) -> None:
        self.answer = answer
        self.lang = lang
        self.part: Mapping[str, Any] = answer["explanation"]
        self.zone: str = self.part["zone"]

    def lines(self, who: str) -> list[str]:
        colon = "：" if self.lang == "zh" else ": "
        at = say_instant(self.part["at"], self.zone)
        contact = say_scope(self.part["contact"], self.lang)
        return [
            f"{who}{colon}{word(self.lang, 'verdict', self.answer['verdict'])}",
            f"  {self._say('contact').format(scope=contact, at=at)}",
            f"  {self._say('because')}",
            *self._because(),
            *self._agreements(),
            *self._others(),
            *self._rules(),
            f"  {self._say('closing')}",
        ]

    def _because(self) -> Iterable[str]:
        if self.answer["verdict"] == "allow":
            yield f"  1. {self._why_allowed()}"
            return
        for number, reason in enumerate(self.answer["reasons"], 1):
            facts = [fact for fact in self.part["facts"] if is_behind(fact, reason)]
            yield f"  {number}. {say_reason(self._readable(reason, told=bool(facts)), self.lang)}"
            if reason["code"] == "overflow":
                yield f"     {self._say('overflow')}"
            for fact in facts:
                if fact["action"] != "granted":
                    yield from self._entry(fact, "     ")

    def _why_allowed(self) -> str:
        if "granted_by" in self.answer:
            return self._say("rests_on")
        rules = ", ".join(rule["id"] for rule in self.part["policy"])
        return self._say("basis_free").format(rules)

    def _readable(self, reason: Fields, *, told: bool) -> Fields:
        # The event and its barrier are told in the next lines, other instants in a local zone.
        hidden = {"event_id"} if told else set()
        if told and reason["code"] == "refused":
            hidden.add("at")
        shown = {name: value for name, value in reason.items() if name not in hidden}
        if "at" in shown:
            shown["at"] = say_instant(shown["at"], self.zone)
        return shown

    def _agreements(self) -> Iterable[str]:
        if any(reason["code"] == "overflow" for reason in self.answer["reasons"]):
            return
        grants = [one for one in self.part["facts"] if one["action"] == "granted"]
        yield f"  {self._say('agreements' if grants else 'no_agreements')}"
        for grant in grants:
            yield from self._entry(grant, "  - ")

    def _others(self) -> Iterable[str]:
        reasons = self.answer["reasons"]
        rest = [
            one
            for one in self.part["facts"]
            if one["action"] != "granted" and not any(is_behind(one, reason) for reason in reasons)
        ]
        near = [one for one in rest if one["effect"] != "out_of_scope"]
        if near:
            yield f"  {self._say('others')}"
        for fact in near:
            yield from self._entry(fact, "  - ")
        if len(rest) > len(near):
            yield f"  {self._say('elsewhere').format(n=len(rest) - len(near))}"

    def _rules(self) -> Iterable[str]:
        rules: Sequence[Fields] = self.part["policy"]
        if rules:
            yield f"  {self._say('rules')}"
        for rule in rules:
            if "citation" in rule:
                text = self._say("rule").format(
                    id=rule["id"],
                    place=rule["jurisdiction"],
                    citation=rule["citation"],
                    confidence=rule["confidence"],
                )
            else:
                text = self._say("default_rule").format(id=rule["id"])
            yield f"  - {text}"

    def _entry(self, fact: Fields, lead: str) -> Iterable[str]:
        yield lead + say_fact(fact, self.zone, self.lang)
        barrier = say_instant(fact["barrier_at"], self.zone) if "barrier_at" in fact else ""
        effect = word(self.lang, "effect", _effect_key(fact))
        yield " " * len(lead) + "→ " + effect.format(by=fact.get("by", ""), barrier=barrier)

    def _say(self, key: str) -> str:
        return word(self.lang, "note", key)


def _effect_key(fact: Fields) -> str:
    effect: str = fact["effect"]
    for name in ("action", "kind"):
        if name in fact and knows("effect", f"{effect}_{fact[name]}"):
            return f"{effect}_{fact[name]}"
    return effect
