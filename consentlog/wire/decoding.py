"""Avro decoders compiled to straight-line Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from consentlog.wire.longs import HIGH, LOW, SIX_BYTES, read_length, read_long
from consentlog.wire.source import Build, Schema, Source

Decoder: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""(buffer, position) -> (value, next position).

Raises LookupError or ValueError for corrupt bytes. The caller must check that the next position is
where the record has to end: a record cut short in its last field is noticed only there.
"""


class _Names(dict[bytes, str]):
    """Texts that come again and again: one object each, instead of one for each record.

    A fold keeps tens of thousands of facts; every further test, hash and join of a name is cheaper
    when it is the same object. Emptied when full.
    """

    def __missing__(self, encoded: bytes) -> str:
        if len(self) >= 4096:
            self.clear()
        text = self[encoded] = encoded.decode()
        return text


_VALUES: Final = {
    "names": _Names(),
    "read_long": read_long,
    "read_length": read_length,
    "new": tuple.__new__,
    "six": SIX_BYTES.unpack_from,
    "low": LOW,
    "high": HIGH,
}


def compile_decoder(schema: Schema, build: Build) -> Decoder:
    """Compile a decoder for a record schema.

    Args:
        schema: A parsed-JSON record schema.
        build: How to make values.

    Returns:
        A function that decodes one record at a position.
    """
    return _Decoding(build, _VALUES).function(schema)


class _Decoding(Source):
    def function(self, schema: Schema) -> Decoder:
        self._emit(1, "room = len(b) - 6")
        value = self._value(schema, 1)
        decoder: Decoder = self._compile("def run(b, i):", f"    return {value}, i", schema["name"])
        return decoder

    def _value(self, schema: Schema, depth: int) -> str:
        """Emit code that reads one value; return the expression that holds it."""
        schema = self._resolve(schema)
        if isinstance(schema, list):
            return self._nullable(schema, depth)
        if isinstance(schema, dict) and schema.get("logicalType") == "timestamp-millis":
            return self._time(depth)
        kind = schema["type"] if isinstance(schema, dict) else schema
        return getattr(self, f"_{kind}")(schema, depth)  # type: ignore[no-any-return]  # str by construction

    def _long(self, _schema: Schema, depth: int) -> str:
        name = self._name("v")
        self._emit(depth, f"{name} = b[i]")
        self._emit(depth, f"if {name} < 128: {name} = ({name} >> 1) ^ -({name} & 1); i += 1")
        self._emit(depth, f"else: {name}, i = read_long(b, i)")
        return name

    def _time(self, depth: int) -> str:
        """Emit what `_long` does, with a short way for times in ms between 1970-07 and 2039-09."""
        name, low, high = self._name("v"), self._name("l"), self._name("h")
        self._emit(depth, f"{low}, {high} = six(b, i) if i <= room else (0, 0)")
        self._emit(depth, f"{low} = low[{low}]; {high} = high[{high}]")
        self._emit(depth, f"if {low} < 0 or {high} < 0: {name}, i = read_long(b, i)")
        self._emit(depth, f"else: {name} = {high} | {low}; i += 6")
        return name

    _int = _long

    def _boolean(self, _schema: Schema, depth: int) -> str:
        name = self._name("v")
        self._emit(depth, f"{name} = b[i]; i += 1")
        self._emit(depth, f"if {name} > 1: raise ValueError('a boolean is neither 0 nor 1')")
        return f"({name} == 1)"

    def _bytes(self, _schema: Schema, depth: int) -> str:
        # A slice past the end comes out short, but leaves the position past the end: the caller's
        # check that the record ends where the buffer ends refuses it. So no check is paid for here.
        name, start = self._name("v"), self._name("s")
        self._emit(depth, f"{name} = b[i]")
        self._emit(depth, f"if {name} > 127 or {name} & 1: {name}, {start} = read_length(b, i)")
        self._emit(depth, f"else: {name} >>= 1; {start} = i + 1")
        self._emit(depth, f"i = {start} + {name}; {name} = b[{start}:i]")
        return name

    def _string(self, schema: Schema, depth: int) -> str:
        return f"names[{self._bytes(schema, depth)}]"

    def _fixed(self, schema: Schema, depth: int) -> str:
        name = self._name("v")
        self._emit(depth, f"{name} = b[i:i + {schema['size']}]; i += {schema['size']}")
        return name

    def _enum(self, schema: Schema, depth: int) -> str:
        # Symbols are few, so an index is one byte: twice its value. Anything else is a KeyError.
        members = self._build.enums[schema["name"]]
        table = self._name("members", {2 * n: member for n, member in enumerate(members)})
        name = self._name("v")
        self._emit(depth, f"{name} = {table}[b[i]]; i += 1")
        return name

    def _nullable(self, schema: Schema, depth: int) -> str:
        null, inner = schema
        if null != "null":
            raise ValueError("the only unions are [null, X]")
        name = self._name("v")
        self._emit(depth, f"{name} = b[i]; i += 1")
        self._emit(depth, f"if {name} == 2:")
        self._emit(depth + 1, f"{name} = {self._value(inner, depth + 1)}")
        self._emit(depth, f"elif {name}: raise ValueError('a union has an unknown branch')")
        self._emit(depth, f"else: {name} = None")
        return name

    def _array(self, schema: Schema, depth: int) -> str:
        name, left = self._name("v"), self._name("n")
        self._emit(depth, f"{name} = []")
        self._emit(depth, "while True:")
        count = self._long(schema, depth + 1)
        self._emit(depth + 1, f"{left} = {count}")
        self._emit(depth + 1, f"if not {left}: break")
        self._emit(depth + 1, f"if {left} < 0:")
        self._emit(depth + 2, f"{left} = -{left}; _, i = read_long(b, i)")
        # Every item takes at least one byte, so a count beyond the buffer is a lie, not a long
        # loop.
        self._emit(depth + 1, f"if {left} > len(b): raise ValueError('an array is too long')")
        self._emit(depth + 1, f"for _ in range({left}):")
        item = self._value(schema["items"], depth + 2)
        self._emit(depth + 2, f"{name}.append({item})")
        return name

    def _record(self, schema: Schema, depth: int) -> str:
        kind = self._name("kind", self._build.records[schema["name"]])
        start = self._name("s")
        is_kept = schema["name"] in self._build.kept
        if is_kept:
            self._emit(depth, f"{start} = i")
        fields = []
        for one in schema["fields"]:
            if one["name"] in self._build.unique:
                expression = f"{self._bytes(schema, depth)}.decode()"
            else:
                expression = self._value(one["type"], depth)
            if not expression.isidentifier():
                name = self._name("v")
                self._emit(depth, f"{name} = {expression}")
                expression = name
            fields.append(expression)
        name = self._name("v")
        self._emit(depth, f"{name} = new({kind}, ({', '.join(fields)},))")
        if is_kept:
            self._emit(depth, f"{name}.encoded = b[{start}:i]")
        return name
