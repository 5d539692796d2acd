from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from processors.transport.ownership import Holdings, Ownership


@dataclass
class Ticket:
    acked: bool = False
    tracked: bool = False


sizes = st.lists(st.integers(1, 5), min_size=1, max_size=20)


@given(sizes, st.randoms(use_true_random=False), st.integers(0, 1000))
def test_committable_is_the_end_of_the_acked_prefix_in_any_order_of_acks(
    sizes: list[int], random: object, start: int
) -> None:
    owned = Ownership("t", 0, start)
    tickets, ends, end = [], [], start
    for size in sizes:
        end += size
        tickets.append(Ticket())
        ends.append(end)
        owned.hand_out(tickets[-1], end)
    assert owned.next_offset == end
    order = list(range(len(tickets)))
    random.shuffle(order)  # type: ignore[attr-defined]  # random.Random by hypothesis
    before = start
    for index in order:
        tickets[index].acked = True
        outstanding = owned.advance()
        prefix = 0
        while prefix < len(tickets) and tickets[prefix].acked:
            prefix += 1
        assert owned.committable == (ends[prefix - 1] if prefix else start)
        assert owned.committable >= before
        assert outstanding == len(tickets) - prefix
        before = owned.committable
    assert owned.committable == end


def test_records_that_came_again_move_nothing_back() -> None:
    owned = Ownership("t", 0, 0)
    first, again = Ticket(), Ticket()
    owned.hand_out(first, 10)
    owned.hand_out(again, 4)
    assert owned.next_offset == 10
    first.acked = again.acked = True
    assert owned.advance() == 0
    assert owned.committable == 10


def test_a_stop_waits_only_for_what_an_agent_took() -> None:
    owned = Ownership("t", 0, 0)
    taken, queued = Ticket(tracked=True), Ticket()
    owned.hand_out(taken, 1)
    owned.hand_out(queued, 2)
    assert owned.unfinished(taken_only=False) == 2
    assert owned.unfinished(taken_only=True) == 1
    taken.acked = True
    assert owned.unfinished(taken_only=True) == 0
    assert owned.committable == 1


def test_each_ownership_of_a_partition_is_another() -> None:
    first, second = Ownership("t", 0, 0), Ownership("t", 0, 0)
    assert first != second
    assert first.generation < second.generation


def test_holdings_can_be_read_while_they_change() -> None:
    holdings = Holdings()
    a, b = Ownership("t", 0, 0), Ownership("t", 1, 0)
    holdings.add([a])
    for _ in holdings:
        holdings.add([b])
    assert holdings.get("t", 1) is b
    holdings.remove([a])
    assert list(holdings) == [b]
    assert holdings.get("t", 0) is None
