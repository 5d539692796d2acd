"""How long a refusal took to be a *no* at the gate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """Quantiles in milliseconds over `count` refusals."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def latency_of(samples_ns: Sequence[int]) -> Latency | None:
    """Summarise samples, in nanoseconds, by nearest rank; None without any.

    Below 100 samples the p99 is the slowest one.
    """
    if not samples_ns:
        return None
    ordered = sorted(samples_ns)
    p50, p99 = (ordered[math.ceil(len(ordered) * share) - 1] for share in (0.5, 0.99))
    return Latency(len(ordered), p50 / 1e6, p99 / 1e6, ordered[-1] / 1e6)
