"""One property, two tests: a short one for `make test`, a long one for `make test-faults`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

Property = Callable[..., None]
QUICK, LONG = 120, 3_000
"""Examples of each size."""


def in_two_sizes(
    *, quick: int = QUICK, long: int = LONG, **strategies: Any
) -> Callable[[Property], tuple[Property, Property]]:
    """Make the two tests of a property, each under a name of its own in the module.

    Args:
        quick: Examples of the short one.
        long: Examples of the long one, which is marked `faults`.
        strategies: As `hypothesis.given` takes them.
    """

    def sized(check: Property) -> tuple[Property, Property]:
        short = settings(max_examples=quick)(given(**strategies)(check))
        thorough = settings(
            max_examples=long, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        )(given(**strategies)(check))
        return short, pytest.mark.timeout(1200)(pytest.mark.faults(thorough))

    return sized
