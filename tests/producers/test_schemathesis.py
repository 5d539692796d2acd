"""No 5xx, and no answer that the gateway's OpenAPI document does not describe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from schemathesis import Case

from consentlog.domain.scope import Scope
from consentlog.kafka.topics import REVIEWS
from consentlog.wire.reviews import ReviewEvent, ReviewReason, encode_review
from producers.app import build_gateway
from producers.links import LinkSealer
from producers.uploads.desk_lists import DeskLists
from tests.support.gateway import NUMBER, FixedClock, demo_reference
from tests.support.made_up import ask, operations_of
from tests.support.reviews import FollowedLog
from tests.support.takeovers import approval_of, manifest, row

_EXAMPLES: Final = 25
_LONG: Final = 300
_ANSWERED: Final = {
    "POST /v1/imports": {202, 422},
    "POST /v1/consent-events": {202, 207, 422},
    "POST /v1/ivr": {202, 422},
    "POST /p/{token}": {200, 404},
    "POST /v1/reviews/{id}/decisions": {202, 403, 422},
    "POST /v1/takeovers": {202, 403, 422},
    "POST /v1/takeovers/{id}/events": {207, 403, 422},
}
"""Answers that must have been seen, so that the requests reach what they are made for."""
_FEW: Final = {
    "/v1/reviews": ("compliance", "compliance", "care", "desk"),
    "/v1/takeovers": ("takeover", "takeover", "care"),
    "/v1/ivr": ("ivr", "ivr", "care", "dialer"),
}
"""Who asks where few keys may; all others would only be turned away."""
_SCOPE: Final = Scope("acme")
_ROWS: Final = [row(), row(method="spoken")]
_TAKEOVER: Final = manifest(_ROWS)
_NOT_OF_REFUSALS: Final = ("until", "target", "hold_kind")


class _World:
    """The gateway in process, and how a made-up request comes close to it."""

    def __init__(self, directory: Path) -> None:
        reference, self.keys = demo_reference(directory)
        self.log = FollowedLog()
        lists = DeskLists(directory / "uploads", 1 << 20, 7, FixedClock())
        app = build_gateway(reference, self.log, FixedClock(), book=self.log.book, lists=lists)
        self.operations = operations_of(app)
        sealer = LinkSealer(reference.secrets.link_active, reference.secrets.link_keys)
        self.token = sealer.mint(NUMBER, _SCOPE)
        approval = approval_of(_TAKEOVER, reference.secrets.id_key, FixedClock().at_ms)
        self.takeover = self.file(approval)

    def bring_close(self, case: Case[Any]) -> None:
        """Put a known number, entity, subject or secret where the request has one."""
        known = {"subject": "consent.events.v1-value", "version": "1", "schema_id": "1"}
        known["token"] = self.token
        if "id" in case.path_parameters:
            is_takeover = "/v1/takeovers" in case.operation.path
            known["id"] = self.takeover if is_takeover else self.open_case()
        if "secret" in case.path_parameters:
            known["secret"] = self.keys.get(case.operation.path.split("/")[3], "")
        for name in case.path_parameters:
            case.path_parameters[name] = known.get(name, case.path_parameters[name])
        if "X-Number" in case.headers:
            case.headers["X-Number"] = NUMBER
            case.query = {"entity": "acme"}
        if isinstance(case.body, dict) and isinstance(case.body.get("acts"), list):
            _localise_rows(case.body)
        for item in case.body if isinstance(case.body, list) else [case.body]:
            if isinstance(item, dict):
                _localise(item)
                _leave_to_the_case(item)
                _take_over(item)

    def open_case(self) -> str:
        """Open one more case, and name it."""
        review_id = (self.log.book.next_offset + 1).to_bytes(16)
        opened = ReviewEvent(
            review_id,
            ReviewReason.UNCLEAR_WORDS,
            FixedClock().at_ms,
            "aliyun",
            NUMBER,
            event_id=review_id,
            entity="acme",
        )
        return self.file(opened)

    def file(self, step: ReviewEvent) -> str:
        """Put a step of a case into the log, and name the case."""
        key = step.review_id.hex()
        anyio.run(self.log.append, REVIEWS.name, key.encode(), encode_review(step), [])
        return key

    def ask_all(self, examples: int) -> Iterator[tuple[str, Counter[int]]]:
        """Ask everything; the desk's key comes twice as often as each of the others."""
        keys = [self.keys["desk"], *(self.keys[name] for name in sorted(self.keys))]
        for label, operation in self.operations.items():
            wanted = _ANSWERED.get(label, set())
            few = next((names for path, names in _FEW.items() if path in label), ())
            may_ask = [self.keys[name] for name in few] or keys
            yield label, ask(operation, examples, may_ask, self.bring_close, wanted=wanted)


def _leave_to_the_case(item: dict[str, Any]) -> None:
    if "decision" in item:
        for name in ("number", "region", "scope", "event_id"):
            item.pop(name, None)


def _take_over(item: dict[str, Any]) -> None:
    if "file_sha256" in item:
        item |= _TAKEOVER
    if {"manifest", "batch", "rows"} <= item.keys():
        item |= {"manifest": _TAKEOVER, "batch": 0, "rows": _ROWS}


def _localise_rows(body: dict[str, Any]) -> None:
    """Make the acts of a list, and all rows that have two cells, plain ones."""
    for act in body["acts"]:
        if isinstance(act, dict):
            _localise(act)
            act |= {"method": "import", "basis": "do_not_call_list"}
    for cells in body["rows"] if isinstance(body.get("rows"), list) else []:
        if isinstance(cells, list) and len(cells) > 1:
            cells[:] = [0, NUMBER]


def _localise(item: dict[str, Any]) -> None:
    for name in ("number", "phone_number", "mobile", "from", "From"):
        if name in item:
            item[name] = NUMBER
    if "entity" in item:
        item["entity"] = "acme"
    if {"menu", "choice"} <= item.keys():
        item |= {"menu": "acme-main", "choice": "1"}
        for name in ("occurred_at", "recorded_at", "zone", "region"):
            item.pop(name, None)
    if isinstance(item.get("scope"), dict) and isinstance(item.get("actor"), dict):
        for name in ("occurred_at", "recorded_at", "zone", "region", "basis", *_NOT_OF_REFUSALS):
            item.pop(name, None)
        item |= {"action": "refused", "method": "spoken", "scope": {"entity": "acme"}}
        item["actor"] = {"id": "agent-7", "type": "agent"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> _World:
    return _World(tmp_path_factory.mktemp("gateway"))


def test_every_answer_is_described_and_none_is_a_failure(world: _World) -> None:
    assert dict(world.ask_all(_EXAMPLES)).keys() >= _ANSWERED.keys()


@pytest.mark.timeout(1200)
@pytest.mark.faults
def test_long_every_answer_is_described_and_none_is_a_failure(world: _World) -> None:
    for label, seen in world.ask_all(_LONG):
        print(f"{label}: {dict(sorted(seen.items()))}")
