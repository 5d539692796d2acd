"""What Faust's consumer interface asks for and this transport never does.

Seeking, fetching and highwater questions belong to Faust's own fetcher and Tables, which are off
the path here. Each refuses loudly, so that a new Faust release that calls one is noticed.
"""

from __future__ import annotations

from typing import Any, NoReturn

from faust.transport.consumer import Consumer
from faust.types import TP


def _refuse() -> NoReturn:
    raise NotImplementedError("not part of the librdkafka transport")


class WithoutFetching(Consumer):
    """Faust's consumer with everything refused that has to do with seeking and fetching."""

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    def highwater(self, tp: TP) -> int:
        """Return 0: nobody but Faust's own fetcher and monitor asks."""
        return 0

    def close(self) -> None:
        """Do nothing: the consumer thread closes what it owns."""

    async def perform_seek(self) -> None:
        """Do nothing: positions are librdkafka's."""

    def pause_partitions(self, tps: Any) -> None:
        """Do nothing: Faust pauses at stop, when the thread is about to leave anyway."""

    def resume_partitions(self, tps: Any) -> None:
        """Do nothing, as `pause_partitions`."""

    async def _commit(self, offsets: Any) -> bool:
        _refuse()

    async def seek_to_committed(self) -> Any:
        """Refuse."""
        _refuse()

    async def _seek(self, partition: TP, offset: int) -> None:
        _refuse()

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        _refuse()

    def _to_message(self, tp: TP, record: Any) -> Any:
        _refuse()

    async def position(self, tp: TP) -> int | None:
        """Refuse."""
        _refuse()

    async def seek_wait(self, partitions: Any) -> None:
        """Refuse."""
        _refuse()

    async def earliest_offsets(self, *partitions: TP) -> Any:
        """Refuse."""
        _refuse()

    async def highwaters(self, *partitions: TP) -> Any:
        """Refuse."""
        _refuse()

    def topic_partitions(self, topic: str) -> int | None:
        """Refuse."""
        _refuse()

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int:
        """Refuse."""
        _refuse()

    async def create_topic(self, topic: str, partitions: int, replication: int, **_: Any) -> None:
        """Refuse: `consentlog topics create` is the only creator."""
        _refuse()
