from __future__ import annotations

import asyncio

from processors.loop import call_on


def test_a_closed_loop_is_no_failure_of_the_thread_that_reports_to_it() -> None:
    loop = asyncio.new_event_loop()
    called: list[int] = []
    call_on(loop, lambda: called.append(1))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    call_on(loop, lambda: called.append(2))
    assert called == [1]
