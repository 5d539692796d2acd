"""Requests made up from an application's OpenAPI document, and what its answers must keep to.

Half of the requests fit the schema, half break it. That one against the schema is turned away is
not asked: webhooks take what they cannot read, for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

_CHECKS: Final = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
_NO_5XX: Final = not_a_server_error
_TURNS: Final = 20


def operations_of(app: FastAPI) -> dict[str, APIOperation[Any, Any, Any, Any]]:
    """Return what an application says it can be asked, by method and path."""
    found = {}
    for result in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
        assert isinstance(result, Ok), result
        found[result.ok().label] = result.ok()
    return found


def ask(
    operation: APIOperation[Any, Any, Any, Any],
    examples: int,
    keys: Sequence[str],
    bring_close: Callable[[Case[Any]], None],
    *,
    wanted: AbstractSet[int] = frozenset(),
    may_be_unavailable: bool = False,
) -> Counter[int]:
    """Ask one operation as often as told, and again until every wanted answer was seen.

    Which questions are made up depends on whatever else the run has imported: Hypothesis draws from
    the constants that it finds there. So no fixed number of them is sure to meet a certain answer.

    Args:
        operation: What to ask.
        examples: How many requests a turn.
        keys: API keys to ask with.
        bring_close: Changes every other request, so that it gets further than the first look.
        wanted: Statuses that must have been seen; after 20 turns it gives up.
        may_be_unavailable: A 503 that is described is an answer, and no failure.

    Returns:
        How often each status was answered.
    """
    seen: Counter[int] = Counter()
    cases = st.one_of([operation.as_strategy(mode) for mode in GenerationMode])

    def one(case: Case[Any], is_close: bool, key: str) -> None:
        if is_close:
            bring_close(case)
            case.headers.pop("Authorization", None)
        response = case.call(headers={"X-API-Key": key})
        seen[response.status_code] += 1
        is_told = may_be_unavailable and response.status_code == 503
        case.validate_response(response, checks=_CHECKS if is_told else [*_CHECKS, _NO_5XX])

    often = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    for turn in range(_TURNS):
        seed(turn)(often(given(cases, st.booleans(), st.sampled_from(keys))(one)))()
        if wanted <= seen.keys():
            return seen
    raise AssertionError(f"{operation.label}: {sorted(wanted)} wanted, {dict(seen)} seen")
