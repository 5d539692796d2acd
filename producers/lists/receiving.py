"""Records rows of lists: one request at a time, in turns with everybody else's acts."""

from __future__ import annotations

import asyncio
from operator import itemgetter
from typing import Any, Final

from consentlog.errors import Language
from consentlog.ports import Delivered
from producers.accept import Acceptor
from producers.intake import Intake, durability_of
from producers.limits import RateLimit
from producers.lists.shapes import Rows
from producers.lists.taking import Caller, Taking
from producers.outcome import Outcome
from producers.results import result_of

LOG_WITHIN_S: Final = 2.0
"""How long a request waits for the broker before its rows are told to be spooled.

Nobody waits at the other end as a caller on the phone does. While the broker is slow an import is
slowed with it, instead of filling the way to the log that everybody's refusals take.
"""
_TAKEN_AT_ONCE: Final = 50
"""Rows between which everybody else has a turn: about a millisecond."""


class Receiving:
    """Takes the rows of every list, whichever way they come.

    Args:
        acceptor: Decides what becomes of a row.
        intake: Delivers it.
        limit: How many rows a second a key may send.
        id_key: The deployment's key for ids.
    """

    def __init__(self, acceptor: Acceptor, intake: Intake, limit: RateLimit, id_key: bytes) -> None:
        self._acceptor = acceptor
        self._intake = intake
        self._limit = limit
        self._id_key = id_key
        # Several requests at once would only make each, and everybody else's, take longer.
        self._one = asyncio.Lock()

    async def record(self, rows: Rows, caller: Caller, language: Language) -> dict[str, Any]:
        """Record rows; returns only after all that is recorded is durable.

        Args:
            rows: What is to be recorded.
            caller: Who states it.
            language: Of what is said about single rows.

        Returns:
            How many were `accepted`, `rejected` and (of those accepted) `spooled`, and the
            `results` of rows that are not plain: refused, held, reviewed, or asked after.

        Raises:
            TransientError: A code with status 503 if nothing durable would take the rows.
        """
        await self._limit.wait_turn(caller.principal.key_id, len(rows.rows))
        taking = Taking(self._acceptor, self._id_key, caller, rows)
        async with self._one:
            for at, row in enumerate(rows.rows):
                taking.take(at, row)
                if not at % _TAKEN_AT_ONCE:
                    await asyncio.sleep(0)
        plain, others = await asyncio.gather(
            self._intake.deliver_rows(
                [one.record for one in taking.plain],
                [(caller.principal.source.id, one.action) for one in taking.plain],
                LOG_WITHIN_S,
            ),
            self._intake.deliver_all(
                [outcome for _, outcome in taking.others], caller.traceparent, LOG_WITHIN_S
            ),
        )
        return _answer_of(taking, plain, others, rows.tell, language)


def _answer_of(
    taking: Taking,
    plain: list[Delivered],
    others: list[Delivered],
    tell: frozenset[int],
    language: Language,
) -> dict[str, Any]:
    recorded = [one for (_, of), one in zip(taking.others, others, strict=True) if of.event]
    results = [
        {"index": one.at, "status": "accepted", "event_id": one.event_id.hex()}
        | durability_of(delivered)
        for one, delivered in zip(taking.plain, plain, strict=True)
        if one.at in tell
    ]
    for (at, outcome), delivered in zip(taking.others, others, strict=True):
        if at in tell or not _is_plain(outcome):
            results.append({"index": at, **result_of(outcome, delivered, language)})
    return {
        "accepted": len(plain) + len(recorded),
        "rejected": len(others) - len(recorded),
        "spooled": sum(one.spooled for one in (*plain, *recorded)),
        "results": sorted(results, key=itemgetter("index")),
    }


def _is_plain(outcome: Outcome) -> bool:
    event = outcome.event
    return event is not None and outcome.review is None and not event.fact.clock_wrong
