"""Keeps Faust's decoding off the path: a decode error there would acknowledge the event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from faust.serializers.schemas import Schema
from faust.types.app import AppT
from faust.types.codecs import CodecArg
from faust.types.tuples import Message

from processors.transport.batch import Batch


class BatchSchema(Schema[None, Batch]):
    """Schema of every topic on this transport: `app.topic(name, schema=BatchSchema())`."""

    def __init__(self) -> None:
        super().__init__(key_type=bytes, value_type=bytes)

    def loads_key(
        self,
        app: AppT,
        message: Message,
        *,
        loads: Callable[..., Any] | None = None,
        serializer: CodecArg = None,
    ) -> None:
        """Return None: the keys are in the records."""

    def loads_value(
        self,
        app: AppT,
        message: Message,
        *,
        loads: Callable[..., Any] | None = None,
        serializer: CodecArg = None,
    ) -> Batch:
        """Return the batch that the driver put where Faust keeps a record's bytes.

        Raises:
            TypeError: If the record did not come through the librdkafka transport.
        """
        batch: object = message.value
        if not isinstance(batch, Batch):
            raise TypeError("BatchSchema is for topics read through LibrdkafkaTransport")
        return batch
