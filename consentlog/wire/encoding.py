"""Avro encoders compiled to one expression a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NoReturn, TypeAlias

from consentlog.wire.longs import LAST, MORE, ONE_BYTE, zigzag
from consentlog.wire.source import Build, Schema, Source

Encoder: TypeAlias = Callable[[Any], bytes]
"""Value -> its Avro encoding; raises ValueError or KeyError if it does not fit the schema."""


def compile_encoder(
    schema: Schema, build: Build, defined: Mapping[str, Schema] = MappingProxyType({})
) -> Encoder:
    """Compile an encoder for a record schema without arrays.

    Args:
        schema: A parsed-JSON record schema, or a stretch of one: the fields alone decide.
        build: How values look.
        defined: Types that the schema names but does not define (`source.definitions`).

    Returns:
        A function that encodes one record given as a tuple of its fields.
    """
    encoding = _Encoding(build, _VALUES)
    encoding._named.update(defined)
    return encoding.function(schema)


def encode_text(text: str) -> bytes:
    """Encode a string."""
    encoded = text.encode()
    return zigzag(len(encoded)) + encoded


def wrong_length(value: bytes) -> NoReturn:
    """Refuse a fixed value of another length.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"a fixed value has {len(value)} bytes")


class _Texts(dict[str, bytes]):
    """Encodings of strings that come again and again: entities, sources, zones, roles.

    Emptied when full, so that an actor id per clerk cannot grow it without bound.
    """

    def __missing__(self, text: str) -> bytes:
        if len(self) >= 4096:
            self.clear()
        encoded = self[text] = encode_text(text)
        return encoded


_VALUES: Final = {
    "zigzag": zigzag,
    "one_byte": ONE_BYTE,
    "more": MORE,
    "last": LAST,
    "join": b"".join,
    "texts": _Texts(),
    "encode_text": encode_text,
    "wrong_length": wrong_length,
}


class _Encoding(Source):
    """Each value becomes one expression, each record one join.

    Appending piece by piece costs twice that.
    """

    def function(self, schema: Schema) -> Encoder:
        self._emit(1, f"{', '.join(self._fields(schema))}, = value")
        parts = self._parts(self._resolve(schema))
        encoder: Encoder = self._compile(
            "def run(value):", f"    return join(({', '.join(parts)},))", schema["name"]
        )
        return encoder

    def _fields(self, schema: Schema) -> list[str]:
        return [f"f_{one['name']}" for one in schema["fields"]]

    def _parts(self, schema: Schema) -> list[str]:
        names = self._fields(schema)
        return [
            self._expression(one["type"], name)
            for name, one in zip(names, schema["fields"], strict=True)
        ]

    def _expression(self, schema: Schema, value: str) -> str:
        """Return an expression that encodes `value`; emit what it needs beforehand."""
        schema = self._resolve(schema)
        if isinstance(schema, list):
            inner = self._expression(schema[1], value)
            return f"(b'\\x00' if {value} is None else b'\\x02' + {inner})"
        kind = schema["type"] if isinstance(schema, dict) else schema
        expression: str = getattr(self, f"_{kind}")(schema, value)
        return expression

    def _long(self, _schema: Schema, value: str) -> str:
        time = f"more[(x := 2 * {value}) & 16383] + more[x >> 14 & 16383] + last[x >> 28]"
        return (
            f"(one_byte[2 * {value}] if 0 <= {value} < 64"
            f" else last[2 * {value}] if 64 <= {value} < {1 << 13}"
            f" else {time} if {1 << 34} <= {value} < {1 << 41} else zigzag({value}))"
        )

    _int = _long

    def _boolean(self, _schema: Schema, value: str) -> str:
        return f"(b'\\x01' if {value} else b'\\x00')"

    def _bytes(self, _schema: Schema, value: str) -> str:
        return f"(zigzag(len({value})) + {value})"

    def _string(self, _schema: Schema, value: str) -> str:
        if value.removeprefix("f_") in self._build.unique:
            return f"encode_text({value})"
        return f"texts[{value}]"

    def _fixed(self, schema: Schema, value: str) -> str:
        return f"({value} if len({value}) == {schema['size']} else wrong_length({value}))"

    def _enum(self, schema: Schema, value: str) -> str:
        members = self._build.enums[schema["name"]]
        codes = {member: ONE_BYTE[2 * n] for n, member in enumerate(members)}
        return f"{self._name('codes', codes)}[{value}]"

    def _record(self, schema: Schema, value: str) -> str:
        inner = _Encoding(self._build, _VALUES)
        inner._named = self._named
        return f"{self._name('inner', inner.function(schema))}({value})"
