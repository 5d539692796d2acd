"""Every state comes back from its bytes as it was, and decides the same.

`make test`: 120 states of up to 12 events of every action; `make test-faults`: 3,000.
"""

from __future__ import annotations

from hypothesis import strategies as st

from consentlog.domain.facts import Fact
from consentlog.domain.state import OVERFLOWN, fold
from consentlog.wire.states import StateRecord, decode_state, encode_state
from tests.support.histories import NUMBER, facts
from tests.support.two_sizes import in_two_sizes


def _every_state_comes_back(history: list[Fact], as_of: int) -> None:
    record = StateRecord(NUMBER, as_of, bytes(16), fold(history))
    found = decode_state(encode_state(record))
    assert found == record
    assert found.state.derived == record.state.derived


test_states, test_states_long = in_two_sizes(
    history=st.lists(facts(), max_size=12), as_of=st.integers(0, 2**62)
)(_every_state_comes_back)


def test_an_overflown_state() -> None:
    record = StateRecord(NUMBER, 7, bytes(16), OVERFLOWN)
    assert decode_state(encode_state(record)) == record
