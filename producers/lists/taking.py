"""Takes the rows of one request: plain ones as records at once, the others one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from consentlog.http.auth import Principal
from consentlog.http.problems import RequestRefused, pointers_of
from consentlog.ports import NewRecord
from producers.accept import Acceptor
from producers.draft import Reception
from producers.lists.plain import PlainAct, common_of
from producers.lists.shapes import Row, Rows
from producers.outcome import Outcome
from producers.request import EventRequest


class Caller(NamedTuple):
    """Who sent a request, how far off its clock is, and its trace."""

    principal: Principal
    offset_ms: int | None
    traceparent: str | None


class Plain(NamedTuple):
    """One row that is recorded as it stands."""

    at: int
    event_id: bytes
    record: NewRecord
    action: str


class Taking:
    """The rows of one request.

    Args:
        acceptor: Decides what becomes of a row that is not plain, and which are.
        id_key: The deployment's key for ids.
        caller: Who sent it.
        rows: What it says.

    Attributes:
        plain: Rows that are recorded as they stand, in order.
        others: What becomes of the others, by their place.
    """

    def __init__(self, acceptor: Acceptor, id_key: bytes, caller: Caller, rows: Rows) -> None:
        self._acceptor = acceptor
        self._id_key = id_key
        self._caller = caller
        self._acts = rows.acts
        self._known: dict[int, PlainAct | None] = {}
        self.plain: list[Plain] = []
        self.others: list[tuple[int, Outcome]] = []

    def take(self, at: int, row: Row) -> None:
        """Take one row.

        Args:
            at: Its place in the request.
            row: What it says.
        """
        act = self._known[row.act] if row.act in self._known else self._act(row.act)
        found = None if act is None else act.record_of(row)
        if act is not None and found is not None:
            self.plain.append(Plain(at, *found, act.action))
        else:
            self.others.append((at, self._outcome(row.item_of(self._acts[row.act]))))

    def _act(self, place: int) -> PlainAct | None:
        principal, offset_ms, trace = self._caller
        common = common_of(self._acts[place], self._acceptor, principal, offset_ms)
        found = None if common is None else PlainAct(common, self._id_key, trace)
        self._known[place] = found
        return found

    def _outcome(self, raw: Mapping[str, Any]) -> Outcome:
        try:
            item = EventRequest.model_validate(raw)
        except ValidationError as exc:
            errors = pointers_of(exc.errors(include_input=False, include_url=False))
            return Outcome(refusal=RequestRefused("CL-1001", extra={"errors": errors}))
        payload = json.dumps(raw, ensure_ascii=False).encode()
        reception = Reception(payload, offset_ms=self._caller.offset_ms)
        return self._acceptor.accept(item, self._caller.principal, reception)
