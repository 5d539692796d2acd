"""One rule for writing state, case by case; test_model.py plays it against everything at once."""

from __future__ import annotations

import pytest

from consentlog.domain.facts import Fact
from consentlog.domain.state import fold
from consentlog.errors import CodecError
from consentlog.protocol.writer import PartitionWriter, Write
from consentlog.wire.build import Progress
from consentlog.wire.states import StateRecord, decode_state, encode_state
from tests.support.histories import NUMBER, granted, refused

KEY = NUMBER.encode()
OWN, OTHER, THIRD = (bytes([n]) * 16 for n in (1, 2, 3))


def _record(as_of: int, *facts: Fact, writer: bytes = OTHER, epoch: int = 0) -> bytes:
    return encode_state(StateRecord(NUMBER, as_of, writer, fold(facts), epoch))


def _decoded(write: Write | None) -> StateRecord:
    assert write is not None
    return decode_state(write.value)


def test_every_event_above_high_is_written_in_order_even_if_nothing_changed() -> None:
    writer = PartitionWriter(0, OWN)
    writes = [writer.fold(offset, NUMBER, refused(1)) for offset in (4, 5)]
    assert [_decoded(w).as_of for w in writes] == [4, 5]
    assert writer.fold(5, NUMBER, refused(1)) is None


def test_a_replay_that_changes_the_map_is_written_at_high() -> None:
    writer = PartitionWriter(0, OWN)
    writer.load(KEY, _record(9, refused(1)))
    assert writer.loaded() == []
    assert _decoded(writer.fold(3, NUMBER, granted(2))).as_of == 9


def test_a_record_below_an_earlier_one_is_written_again_at_load() -> None:
    writer = PartitionWriter(0, OWN)
    writer.load(KEY, _record(9, refused(1), granted(2)))
    writer.load(KEY, _record(5, refused(1), writer=THIRD))
    (write,) = writer.loaded()
    again = _decoded(write)
    assert (again.as_of, again.writer) == (9, OWN)
    assert again.state == fold([refused(1), granted(2)])


def test_an_older_record_of_the_same_writer_takes_nothing_away() -> None:
    writer = PartitionWriter(0, OWN)
    writer.load(KEY, _record(9, refused(1), granted(2)))
    writer.load(KEY, _record(5, granted(2)))
    (write,) = writer.loaded()
    assert _decoded(write).state == fold([refused(1), granted(2)])


def test_facts_are_united_never_replaced() -> None:
    writer = PartitionWriter(0, OWN)
    writer.load(KEY, _record(5, refused(1)))
    writer.load(KEY, _record(5, granted(2), writer=THIRD))
    (write,) = writer.loaded()
    assert _decoded(write).state == fold([refused(1), granted(2)])


def test_a_later_good_record_makes_an_earlier_bad_one_harmless() -> None:
    writer = PartitionWriter(0, OWN)
    writer.load(KEY, _record(9, refused(1), granted(2)))
    writer.load(KEY, _record(5, refused(1), writer=THIRD))
    writer.load(KEY, _record(9, refused(1), granted(2)))
    assert writer.loaded() == []


def test_another_fold_version_is_written_again() -> None:
    writer = PartitionWriter(0, OWN)
    old = StateRecord(NUMBER, 5, OTHER, fold([refused(1)]), fold_version=0)
    writer.load(KEY, encode_state(old))
    (write,) = writer.loaded()
    assert _decoded(write).fold_version == 1


def test_a_deleted_key_is_written_again() -> None:
    writer = PartitionWriter(0, OWN)
    writer.load(KEY, _record(5, refused(1)))
    writer.load(KEY, None)
    (write,) = writer.loaded()
    assert _decoded(write).state == fold([refused(1)])
    assert [_decoded(w).state for w in writer.follow(KEY, None)] == [fold([refused(1)])]


def test_a_stopped_owners_record_is_put_right_while_following() -> None:
    writer = PartitionWriter(0, OWN)
    writer.loaded()
    own = [writer.fold(n, NUMBER, fact) for n, fact in enumerate((refused(1), granted(2)))]
    for write in own:
        assert write is not None
        assert writer.follow(*write) == []
    (write,) = writer.follow(KEY, _record(0, refused(1)))
    assert (_decoded(write).as_of, len(_decoded(write).state.facts)) == (1, 2)
    (write,) = writer.follow(KEY, _record(1, refused(1)))
    assert len(_decoded(write).state.facts) == 2


def test_facts_of_a_followed_record_stay_in_the_view() -> None:
    writer = PartitionWriter(0, OWN)
    writer.fold(0, NUMBER, refused(1))
    assert writer.follow(KEY, _record(7, refused(1), granted(2))) == []
    assert _decoded(writer.fold(1, NUMBER, refused(3))).state == fold(
        [refused(1), granted(2), refused(3)]
    )
    assert writer.high == (0, 7)


def test_the_log_epoch_stands_above_every_offset() -> None:
    writer = PartitionWriter(0, OWN)
    writer.load(KEY, _record(900, refused(1)))
    writer.load(KEY, _record(2, refused(1), epoch=1))
    assert writer.loaded() == []
    again = _decoded(writer.fold(3, NUMBER, granted(2)))
    assert again.position == (1, 3)


def test_progress_keeps_the_highest_of_each_figure() -> None:
    writer = PartitionWriter(2, OWN)
    stopped = PartitionWriter(2, OTHER)
    for through, level in ((9, 500), (4, 700)):
        writer.load(*stopped.progress(Progress(through, level, bytes([through]) * 32)))
    assert writer.newest_progress == Progress(9, 700, bytes([9]) * 32)


def test_a_hole_raises_the_position_of_the_partition() -> None:
    writer = PartitionWriter(2, OWN)
    write = writer.hole(5, 7)
    assert (write.key, _decoded(write).as_of) == (b"@hole/2/5-7", 7)


def test_what_is_no_state_record_is_not_taken() -> None:
    writer = PartitionWriter(2, OWN)
    with pytest.raises(CodecError):
        writer.load(KEY, b"junk")
    with pytest.raises(CodecError):
        writer.follow(KEY, b"junk")


def test_progress_of_an_older_log_epoch_is_forgotten() -> None:
    writer, last = PartitionWriter(2, OWN), Progress(3, 100, bytes(32))
    old = StateRecord("@progress/2", 900, OTHER, progress=Progress(900, 50, bytes(32)))
    new = StateRecord("@progress/2", 3, OTHER, log_epoch=1, progress=last)
    for record in (old, new, old):
        writer.load(b"@progress/2", encode_state(record))
    assert writer.newest_progress == last
