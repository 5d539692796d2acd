"""Requests made up from the OpenAPI document: no 5xx, and no answer that it does not describe.

Half of them fit the schema, half break it; every other one is brought close to the demo's world,
because a number, path or key that nobody has is answered at the first look. That a request against
the schema is turned away is not asked here: webhooks take what they cannot read, for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from consentlog.testing.event_log import MemoryEventLog
from producers.app import build_gateway
from tests.support.gateway import NUMBER, FixedClock, demo_reference

_CHECKS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
_EXAMPLES: Final = 25
_LONG: Final = 400
_ANSWERED: Final = {"POST /v1/consent-events": {202, 207, 422}, "GET /subjects": {200}}
"""Answers that must have been seen, so that the requests reach what they are made for."""


_OF_OTHERS: Final = ("until", "target", "hold_kind")
"""Fields of an act that a refusal has not."""


class _World:
    """The gateway in process, and how a made-up request comes close to it."""

    def __init__(self, directory: Path) -> None:
        reference, self.keys = demo_reference(directory)
        app = build_gateway(reference, MemoryEventLog(), FixedClock())
        self.schema = schemathesis.openapi.from_asgi("/openapi.json", app)
        self.operations = {}
        for found in self.schema.get_all_operations():
            assert isinstance(found, Ok), found
            self.operations[found.ok().label] = found.ok()

    def bring_close(self, case: Case[Any]) -> None:
        """Put a known number, entity, subject or secret where the request has one."""
        known = {"subject": "consent.events.v1-value", "version": "1", "schema_id": "1"}
        if "secret" in case.path_parameters:
            known["secret"] = self.keys.get(case.operation.path.split("/")[3], "")
        for name in case.path_parameters:
            case.path_parameters[name] = known.get(name, case.path_parameters[name])
        for item in case.body if isinstance(case.body, list) else [case.body]:
            if isinstance(item, dict):
                _localise(item)


def _localise(item: dict[str, Any]) -> None:
    for name in ("number", "phone_number", "mobile", "from", "From"):
        if name in item:
            item[name] = NUMBER
    if isinstance(item.get("scope"), dict) and isinstance(item.get("actor"), dict):
        for name in ("occurred_at", "recorded_at", "zone", "region", "basis", *_OF_OTHERS):
            item.pop(name, None)
        item |= {"action": "refused", "method": "spoken", "scope": {"entity": "acme"}}
        item["actor"] = {"id": "agent-7", "type": "agent"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> _World:
    return _World(tmp_path_factory.mktemp("gateway"))


def _run(world: _World, label: str, examples: int) -> Counter[int]:
    seen: Counter[int] = Counter()
    operation = world.operations[label]
    cases = st.one_of([operation.as_strategy(mode) for mode in GenerationMode])

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(cases, st.booleans(), st.sampled_from(["desk", *sorted(world.keys)]))
    def ask(case: Case[Any], is_close: bool, source: str) -> None:
        if is_close:
            world.bring_close(case)
            case.headers.pop("Authorization", None)
        response = case.call(headers={"X-API-Key": world.keys[source]})
        seen[response.status_code] += 1
        case.validate_response(response, checks=_CHECKS)

    ask()
    return seen


def _check_all(world: _World, examples: int) -> Iterator[tuple[str, Counter[int]]]:
    for label in world.operations:
        seen = _run(world, label, examples)
        assert _ANSWERED.get(label, set()) <= seen.keys(), (label, seen)
        yield label, seen


def test_every_answer_is_described_and_none_is_a_failure(world: _World) -> None:
    found = dict(_check_all(world, _EXAMPLES))
    assert found.keys() >= _ANSWERED.keys()


@pytest.mark.faults
def test_long_every_answer_is_described_and_none_is_a_failure(world: _World) -> None:
    for label, seen in _check_all(world, _LONG):
        print(f"{label}: {dict(sorted(seen.items()))}")
