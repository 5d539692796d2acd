"""Normalising numbers against the plain library call, on the shapes that most records have.

    python -m benchmarks.normalise [--numbers 20000] [--rounds 9]

The plain call is phonenumbers' `parse`, `is_valid_number` and `format_number` (E.164): no steps of
the rule before it. Ours is `normalise`, with all of them. Each round reads one fresh list with
both, a thousand lines in turn, and compares the results; CPU time of this process. Beside it the
floor: NFKC, a strip and a length. The mix is of Chinese mobiles with a few fixed and foreign
numbers, all valid; what does not have a common shape takes the library's time, and a row of its
own shows that.

Bound: median of the rounds' ratios >= 15.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import time
import unicodedata
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import TypeVar

import phonenumbers
from phonenumbers import PhoneNumberFormat

from benchmarks import stage
from consentlog.numbers.normalise import Normalised, Quarantined, normalise

BOUND = 15.0
REGION = "CN"
MIX = (
    ("13800138000", 30, "{m}"),
    ("+8613800138000", 25, "+86{m}"),
    ("8613800138000", 8, "86{m}"),
    ("008613800138000", 4, "0086{m}"),
    ("138 0013 8000", 8, "{m:.3} {m4} {m8}"),
    ("+86 138-0013-8000", 8, "+86 {m:.3}-{m4}-{m8}"),
    ("１３８００１３８０００", 4, "full-width"),
    ("010-62345678", 6, "010-6{l}"),
    ("+16502530000", 7, "+1650253{l:.4}"),
)
"""Shape, share in percent, how it is made."""

Read = TypeVar("Read")
_TURN = 1000
_EVERY = 20
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def machine() -> str:
    """Name the machine and the versions that matter."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {load}, "
        f"Python {platform.python_version()}, phonenumbers {version('phonenumbers')}"
    )


def made_up_numbers(count: int, seed: int) -> list[str]:
    """Write made-up numbers, each valid, in the mix."""
    chance = random.Random(seed)
    shapes = chance.choices([how for *_, how in MIX], [share for _, share, _ in MIX], k=count)
    written = []
    for how in shapes:
        mobile = f"13{chance.randrange(10)}{chance.randrange(10**8):08d}"
        local = f"{chance.randrange(2_000_000, 9_999_999)}"
        if how == "full-width":
            written.append(mobile.translate(_WIDE))
        else:
            written.append(how.format(m=mobile, m4=mobile[3:7], m8=mobile[7:], l=local))
    return written


def plain(raw: str) -> str:
    """Normalise by the library alone."""
    number = phonenumbers.parse(raw, REGION)
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def ours(raw: str) -> Normalised | Quarantined:
    """Normalise as the gateway does."""
    return normalise(raw, REGION)


def floor(raw: str) -> str:
    """Do what cannot be left out."""
    return unicodedata.normalize("NFKC", raw).strip()[:64]


def measure(read: Callable[[str], Read], numbers: Sequence[str]) -> tuple[float, list[Read]]:
    """Read all; microseconds of CPU, and what came out."""
    started = time.process_time_ns()
    found = [read(raw) for raw in numbers]
    return (time.process_time_ns() - started) / 1000, found


def one_round(count: int, seed: int) -> tuple[float, float, float, float]:
    """Measure library, ours, floor, and ours on a shape that is not common: µs per number."""
    numbers = made_up_numbers(count, seed)
    library_us = own_us = floor_us = odd_us = 0.0
    for at in range(0, count, _TURN):
        turn = numbers[at : at + _TURN]
        spent, subjects = measure(plain, turn)
        library_us += spent
        spent, own = measure(ours, turn)
        own_us += spent
        if "" in subjects or own != [Normalised(subject) for subject in subjects]:
            raise SystemExit("the two do not agree, or a number of the mix is not valid")
        floor_us += measure(floor, turn)[0]
        odd_us += measure(ours, [f"{raw} 转8" for raw in turn[::_EVERY]])[0]
    return library_us / count, own_us / count, floor_us / count, odd_us * _EVERY / count


def main() -> int:
    """Run the rounds and print the table; exit 1 when the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--numbers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    print(machine())
    print("mix: " + ", ".join(f"{share} % {shape}" for shape, share, _ in MIX), flush=True)
    one_round(args.numbers, 0)  # a round to warm up
    rounds = [one_round(args.numbers, seed) for seed in range(1, args.rounds + 1)]
    names = ("library: parse, valid, format", "normalise", "NFKC, strip, length (floor)",
             "normalise, with an extension")  # fmt: skip
    for name, values in zip(names, zip(*rounds, strict=True), strict=True):
        print(stage.row(name, values, "µs"))
    ratios = [library / own for library, own, *_ in rounds]
    median = statistics.median(ratios)
    verdict = "holds" if median >= BOUND else "MISSED"
    print(f"ratio: {median:.1f} x (worst {min(ratios):.1f})   bound {BOUND:g} x: {verdict}")
    return 0 if median >= BOUND else 1


if __name__ == "__main__":
    raise SystemExit(main())
