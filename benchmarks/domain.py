"""What one decision and one folded event cost, beside a dict merge as the floor.

    python -m benchmarks.domain [--rounds 15] [--calls 20000]

Pure functions at 4 facts: two refusals, a grant that lifts neither, a `not_now` hold. CPU time of
this process; every round measures everything once, so that all meet the same machine.

*Warm* is a question about a state that was asked about before, as the gate has it: what follows
from the map is worked out once for each state. *Cold* works it out for that very question. The
floor is `{**facts, key: fact}`: no fold can write a new map for less.

Bounds: a full decision with reasons, warm, <= 10 us; one event folded <= 5 us (medians of rounds).
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

from consentlog.domain.decision import Verdict, decide
from consentlog.domain.facts import Fact, key_of
from consentlog.domain.hours import Hours
from consentlog.domain.place import Place
from consentlog.domain.policy import Policy, PolicyRow, What
from consentlog.domain.scope import Contact
from consentlog.domain.state import SubjectState, evolve, fold
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)

DECISION_US, FOLD_US = 10.0, 5.0
NOON_MS = 1_763_784_000_000
DAY_MS = 86_400_000

CONTACT = Contact("acme", Purpose.MARKETING, Channel.VOICE, "life", "spring")
HOME = Place("CN", ("Asia/Shanghai",))
ROWS = Policy(
    (
        PolicyRow("basis", "CN", What.BASIS_REQUIRED, True, 0, None, "made up", "high"),
        PolicyRow("age", "CN", What.GRANT_MAX_AGE, 730, 0, None, "made up", "high"),
        PolicyRow("hours", "CN", What.CALLING_HOURS, Hours(540, 1260), 0, None, "made up", "high"),
    )
)


def _fact(n: int, action: Action, at_ms: int, kind: HoldKind = HoldKind.UNKNOWN) -> Fact:
    return Fact(
        n.to_bytes(16, "big"), action, Basis.UNKNOWN,
        "acme", None, None, Purpose.MARKETING, Channel.ALL,
        at_ms, SetBy.SOURCE, Precision.INSTANT, "Asia/Shanghai", False, 5000,
        at_ms + 700, None, None, kind, "desk", Method.APP,
        "agent-7", ActorType.AGENT, "", True,
    )  # fmt: skip


HISTORY = (
    _fact(1, Action.REFUSED, NOON_MS),
    _fact(2, Action.GRANTED, NOON_MS - DAY_MS),
    _fact(3, Action.HELD, NOON_MS + 1, HoldKind.NOT_NOW),
    _fact(4, Action.REFUSED, NOON_MS + 9 * DAY_MS),
)


def contenders() -> dict[str, Callable[[], object]]:
    """Return what is measured, by name."""
    whole, before, last = fold(HISTORY), fold(HISTORY[:3]), HISTORY[3]
    facts, key, at_ms, none = before.facts, key_of(last), NOON_MS + 10 * DAY_MS, Policy()
    answer = decide(whole, CONTACT, at_ms, ROWS, HOME)
    if answer.verdict is not Verdict.DENY or len(answer.reasons) != 3:
        raise SystemExit(f"not the decision that is to be measured: {answer}")
    return {
        "dict merge (floor)": lambda: {**facts, key: last},
        "one event folded": lambda: evolve(before, last),
        "the same event again": lambda: evolve(whole, last),
        "decision, warm": lambda: decide(whole, CONTACT, at_ms, none, HOME),
        "decision, warm, 3 policy rows": lambda: decide(whole, CONTACT, at_ms, ROWS, HOME),
        "decision, cold": lambda: decide(SubjectState(whole.facts), CONTACT, at_ms, none, HOME),
    }


BOUNDS = {"one event folded": FOLD_US, "decision, warm": DECISION_US}


def microseconds(call: Callable[[], object], calls: int) -> float:
    """Return the CPU time of one call."""
    started = time.process_time_ns()
    for _ in range(calls):
        call()
    return (time.process_time_ns() - started) / calls / 1000


def main() -> int:
    """Run the rounds and print the table; exit 1 when a bound is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0] if __doc__ else "",
        epilog="example: python -m benchmarks.domain --rounds 15",
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=20_000, help="calls of each in a round")
    args = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, CPU time, 4 facts")
    measured: dict[str, list[float]] = {}
    for turn in range(args.rounds + 1):
        for name, call in contenders().items():
            spent = microseconds(call, args.calls)
            if turn:  # the first round warms up
                measured.setdefault(name, []).append(spent)
    missed = [name for name, rounds in measured.items() if not _report(name, rounds)]
    return 1 if missed else 0


def _report(name: str, rounds: list[float]) -> bool:
    median, bound = statistics.median(rounds), BOUNDS.get(name)
    holds = bound is None or median <= bound
    verdict = "" if bound is None else f"   bound {bound:g} us: {'holds' if holds else 'MISSED'}"
    print(f"{name:32} {median:6.2f} us   (worst {max(rounds):.2f}){verdict}")
    return holds


if __name__ == "__main__":
    raise SystemExit(main())
