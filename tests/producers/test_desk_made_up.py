"""Made-up requests to the desk by clerks who are signed in: no failure, no undescribed answer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from schemathesis import Case

from consentlog.http.auth import Authenticator
from producers.app import build_gateway
from producers.desk.clerk import Clerk
from producers.desk.frame import SIGN_IN_AT
from producers.desk.session import COOKIE, Sessions
from tests.support.gateway import NUMBER, FixedClock, demo_reference
from tests.support.made_up import ask, operations_of
from tests.support.reviews import FollowedLog

GIVEN = {
    "number": NUMBER,
    "entity": "acme",
    "channel": "voice",
    "words": "yes",
    "text_version": "c1",
    "recording": "s3:a.wav",
    "sha256": "ab" * 32,
    "target": "ab" * 16,
    "reason": "misheard",
    "until": "2025-11-30",
}
ANSWERED = {
    "POST /desk": {200, 422},
    "POST /desk/consent": {200, 422},
    "POST /desk/correct": {200, 422},
    "POST /desk/sign-in": {200, 403},
    "POST /desk/reviews/{id}": {403, 404},
    "GET /desk/reviews": {200},
}


class _Signed:
    """Puts a clerk's session into requests, and good values into every other form."""

    def __init__(self, directory: Path) -> None:
        reference, self.keys = demo_reference(directory)
        log, clock = FollowedLog(), FixedClock()
        self.app = build_gateway(reference, log, clock, book=log.book)
        secrets = reference.secrets
        keys = Authenticator(reference.registry, clock)
        self._sessions = Sessions(
            reference.registry, keys, clock, secrets.link_active, secrets.link_keys
        )

    def cookie(self, source: str) -> str:
        clerk = self._sessions.clerk_with(self.keys[source])
        assert isinstance(clerk, Clerk)
        return self._sessions.token_of(clerk)

    def bring_close(self, case: Case[Any]) -> None:
        case.cookies = {COOKIE: self.cookie("care")}
        if not isinstance(case.body, dict):
            return
        if case.operation.path == SIGN_IN_AT:
            case.body |= {"key": self.keys["desk"], "to": "record"}
        elif "{id}" not in case.operation.path:
            case.body |= GIVEN


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> _Signed:
    return _Signed(tmp_path_factory.mktemp("desk"))


def test_every_answer_to_a_clerk_is_described(signed: _Signed) -> None:
    seen: dict[str, Counter[int]] = {}
    for label, operation in operations_of(signed.app).items():
        if " /desk" in label:
            keys = [signed.keys["desk"]]
            wanted = ANSWERED.get(label, set())
            seen[label] = ask(operation, 15, keys, signed.bring_close, wanted=wanted)
    assert len(seen) >= 12
    assert seen.keys() >= ANSWERED.keys()
