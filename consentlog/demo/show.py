"""The order of the show: consents, the dialer, the day, the dialer again, then the reckoning."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from consentlog.demo.history import HistoryRow
from consentlog.demo.judge import (
    Difference,
    judge_answer,
    judge_history,
    judge_reviews,
    judge_tokens,
    judge_verdicts,
)
from consentlog.demo.latency import Latency, latency_of
from consentlog.demo.player import Played
from consentlog.demo.script import Day, Phase, Step
from consentlog.demo.stage import DENY_WITHIN_S, Stage, outcomes
from dialers.sample import CallRow, Entry

_ON_TIME = f"first denial within {DENY_WITHIN_S:g} s of the answer"


@dataclass(slots=True)
class Findings:
    """All that the show found out.

    Attributes:
        played: Every step with its answer.
        before: The dialer's rows before the day, in the order of its list.
        after: The same after it.
        samples_ns: From a refusal's 2xx to the gate's first *deny*, by step name.
        history: The whole history, by partition and in log order.
        review_count: Reviews that were asked for and are there.
        differences: What came out otherwise than it must; empty = all is well.
        seconds: Of the show, the stack's start not counted.
    """

    played: list[Played] = field(default_factory=list)
    before: list[CallRow] = field(default_factory=list)
    after: list[CallRow] = field(default_factory=list)
    samples_ns: dict[str, int] = field(default_factory=dict)
    history: list[HistoryRow] = field(default_factory=list)
    review_count: int = 0
    differences: list[Difference] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def latency(self) -> Latency | None:
        """Quantiles of the samples."""
        return latency_of(list(self.samples_ns.values()))


OnStep = Callable[[Played, int | None], None]
OnList = Callable[[Phase, list[CallRow]], None]


def run_show(stage: Stage, day: Day, on_step: OnStep, on_list: OnList) -> Findings:
    """Play the day and judge it.

    Args:
        stage: A running stack.
        day: What to play and what must come out.
        on_step: Told of each step and how long its refusal took (ns), where that is timed.
        on_list: Told of each time that the dialer worked its list.
    """
    started = time.monotonic()
    found = Findings()
    _play(stage, day, "before", found, on_step)
    found.before = stage.work_list()
    on_list("before", found.before)
    _play(stage, day, "day", found, on_step)
    found.after = stage.work_list()
    on_list("day", found.after)
    _reckon(stage, day, found)
    found.seconds = time.monotonic() - started
    return found


def _play(stage: Stage, day: Day, phase: Phase, found: Findings, on_step: OnStep) -> None:
    for step in day.steps:
        if step.phase != phase:
            continue
        played = stage.player.play(step)
        found.played.append(played)
        found.differences += judge_answer(played)
        found.differences += _check_unchanged(stage, step)
        on_step(played, _time_denial(stage, played, found))
    for token in stage.catch_up():
        found.differences.append(Difference(f"{phase}: token {token}", "visible in 10 s", "not"))


def _time_denial(stage: Stage, played: Played, found: Findings) -> int | None:
    step = played.step
    if step.number is None:
        return None
    token = played.tokens[0][0] if played.tokens else None
    denied_ns, broke_token = stage.wait_denied(_entry_of(stage, step.number), token)
    if broke_token:
        found.differences.append(Difference(f"{step.name}: gate with token", "deny", "allow"))
    if denied_ns is None:
        found.differences.append(Difference(f"{step.name}: gate", _ON_TIME, "none"))
        return None
    if played.status is not None:  # what a stranger wrote to the log got no answer to count from
        found.samples_ns[step.name] = denied_ns - played.answered_ns
    return denied_ns - played.answered_ns


def _check_unchanged(stage: Stage, step: Step) -> list[Difference]:
    number = step.expect.unchanged
    if number is None or stage.ask(_entry_of(stage, number)).allowed:
        return []
    return [Difference(f"{step.name}: gate after the page was shown", "allow", "deny")]


def _entry_of(stage: Stage, number: str) -> Entry:
    """The first entry of a number: the list puts the one that its refusal must stop first."""
    return next(entry for entry in stage.entries if entry.number == number)


def _reckon(stage: Stage, day: Day, found: Findings) -> None:
    ends = stage.ends()
    found.history = stage.history(ends)
    reviews = stage.reviews()
    missing = judge_reviews(found.played, reviews)
    found.review_count = len({name for name in reviews if ":" not in name})
    found.differences += missing
    found.differences += judge_verdicts("before", day.expected, outcomes(found.before))
    found.differences += judge_verdicts("after", day.expected, outcomes(found.after))
    found.differences += judge_history(day.expected, found.history, ends)
    found.differences += judge_tokens(found.played, found.history)
    allowed = sum(row.called for row in (*found.before, *found.after))
    if len(stage.calls) != allowed:
        found.differences.append(Difference("calls", str(allowed), str(len(stage.calls))))
