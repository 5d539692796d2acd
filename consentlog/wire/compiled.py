"""Avro decoders and encoders compiled from a schema to straight-line Python.

fastavro walks the schema for every record and builds dictionaries that must then be turned into
domain values; the fold pays for that on every event. A decoder compiled here reads the bytes once
and builds the domain value itself. What it accepts and yields is held to fastavro by differential
tests (`tests/wire/test_compiled.py`); every other user of the wire decodes with fastavro.

Source: Apache Avro 1.12 specification, "Binary Encoding".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

Schema: TypeAlias = Any
"""A schema as JSON holds it: a name, a list (union) or an object."""

Decoder: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""(buffer, position) -> (value, next position). Raises IndexError.

ValueError or UnicodeDecodeError.
"""

Encoder: TypeAlias = Callable[[Any], bytes]
"""Value -> its Avro encoding."""


@dataclass(frozen=True, slots=True)
class Build:
    """How values look on the Python side.

    `records` maps a record's name to the NamedTuple with its fields in schema order; `enums` maps
    an enum's name to its members in symbol order, at most 64 of them. For encoding: `unique` names
    the string fields whose values hardly repeat, so that remembering them is not worth while;
    `lasting` the records of arrays that come again as the same object, so that it is.
    """

    records: Mapping[str, type[tuple[Any, ...]]]
    enums: Mapping[str, Sequence[Any]]
    unique: frozenset[str] = frozenset()
    lasting: frozenset[str] = frozenset()


def compile_decoder(schema: Schema, build: Build) -> Decoder:
    """Compile a decoder for a record schema.

    Args:
        schema: A parsed-JSON record schema.
        build: How to make values.

    Returns:
        A function that decodes one record at a position.
    """
    source = _Decoding(build)
    return source.function(schema)


def compile_encoder(schema: Schema, build: Build) -> Encoder:
    """Compile an encoder for a record schema.

    Args:
        schema: A parsed-JSON record schema.
        build: How values look.

    Returns:
        A function that encodes one record given as a tuple of its fields.
    """
    source = _Encoding(build)
    return source.function(schema)


def zigzag(value: int) -> bytes:
    """Encode a long."""
    number = value << 1 if value >= 0 else (-value << 1) - 1
    if number < 0x80:
        return _ONE_BYTE[number]
    if 0x8_0000_0000 <= number < 0x400_0000_0000:
        # Six bytes, two at a time: every time in ms between 1970-07 and 2039-09.
        return _MORE[number & 0x3FFF] + _MORE[number >> 14 & 0x3FFF] + _LAST[number >> 28]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_ONE_BYTE = [bytes((n,)) for n in range(0x80)]
_MORE = [bytes((n & 0x7F | 0x80, n >> 7 | 0x80)) for n in range(0x4000)]
"""14 bits as two bytes that are followed by more."""
_LAST = [bytes((n & 0x7F | 0x80, n >> 7)) for n in range(0x4000)]
"""14 bits as two bytes that end a long."""


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


def read_long(buffer: bytes, at: int) -> tuple[int, int]:
    """Decode a long.

    Raises:
        ValueError: If it does not end within ten bytes.
        IndexError: If the buffer ends first.
    """
    six = int.from_bytes(buffer[at : at + 6], "little")
    if six & 0x80_80_80_80_80_80 == 0x80_80_80_80_80 and at + 6 <= len(buffer):
        # A time in ms, the one long value that every record has several of.
        number = (
            six & 0x7F
            | six >> 1 & 0x3F80
            | six >> 2 & 0x1F_C000
            | six >> 3 & 0xFE0_0000
            | six >> 4 & 0x7_F000_0000
            | six >> 5 & 0x3F8_0000_0000
        )
        return (number >> 1) ^ -(number & 1), at + 6
    number = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at
        shift += 7
        if shift > 63:
            raise ValueError("a long is longer than ten bytes")


def read_length(buffer: bytes, at: int) -> tuple[int, int]:
    """Decode a length.

    Raises:
        ValueError: If it is negative or longer than the buffer.
        IndexError: If the buffer ends first.
    """
    length, at = read_long(buffer, at)
    if not 0 <= length <= len(buffer):
        raise ValueError("a length reaches past the end of the record")
    return length, at


class _Source:
    """Lines of one function under construction, and the values it refers to."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._named: dict[str, Schema] = {}
        self._values: dict[str, Any] = {
            "read_long": read_long,
            "read_length": read_length,
            "zigzag": zigzag,
            "one_byte": _ONE_BYTE,
            "more": _MORE,
            "last": _LAST,
            "new": tuple.__new__,
            "join": b"".join,
            "texts": _TEXTS,
            "encode_text": encode_text,
            "wrong_length": wrong_length,
        }
        self._lines: list[str] = []
        self._count = 0

    def _name(self, stem: str, value: Any = None) -> str:
        self._count += 1
        name = f"{stem}{self._count}"
        if value is not None:
            self._values[name] = value
        return name

    def _emit(self, depth: int, line: str) -> None:
        self._lines.append("    " * depth + line)

    def _resolve(self, schema: Schema) -> Schema:
        """Follow a name; remember a definition."""
        if isinstance(schema, str):
            return self._named.get(schema, schema)
        if isinstance(schema, dict) and "name" in schema:
            self._named[schema["name"]] = schema
        return schema

    def _compile(self, header: str, footer: str, name: str) -> Any:
        text = "\n".join([header, *self._lines, footer])
        # The text is made from the schemas of this package alone, never from input.
        exec(compile(text, f"<avro {name}>", "exec"), self._values)  # noqa: S102  # see above
        return self._values["run"]


class _Decoding(_Source):
    def function(self, schema: Schema) -> Decoder:
        value = self._value(schema, 1)
        decoder: Decoder = self._compile("def run(b, i):", f"    return {value}, i", schema["name"])
        return decoder

    def _value(self, schema: Schema, depth: int) -> str:
        """Emit code that reads one value; return the expression that holds it."""
        schema = self._resolve(schema)
        if isinstance(schema, list):
            return self._nullable(schema, depth)
        kind = schema["type"] if isinstance(schema, dict) else schema
        return getattr(self, f"_{kind}")(schema, depth)  # type: ignore[no-any-return]  # str by construction

    def _long(self, _schema: Schema, depth: int) -> str:
        name = self._name("v")
        self._emit(depth, f"{name} = b[i]")
        self._emit(depth, f"if {name} < 128: {name} = ({name} >> 1) ^ -({name} & 1); i += 1")
        self._emit(depth, f"else: {name}, i = read_long(b, i)")
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
        return f"{self._bytes(schema, depth)}.decode()"

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
        fields = []
        for one in schema["fields"]:
            expression = self._value(one["type"], depth)
            if not expression.isidentifier():
                name = self._name("v")
                self._emit(depth, f"{name} = {expression}")
                expression = name
            fields.append(expression)
        name = self._name("v")
        self._emit(depth, f"{name} = new({kind}, ({', '.join(fields)},))")
        return name


class _Encoding(_Source):
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
        codes = {member: _ONE_BYTE[2 * n] for n, member in enumerate(members)}
        return f"{self._name('codes', codes)}[{value}]"

    def _array(self, schema: Schema, value: str) -> str:
        item = _Encoding(self._build)
        item._named = self._named
        record = self._resolve(schema["items"])
        encoder = item.function(record)
        if record["name"] in self._build.lasting:
            encoder = _Remembering(encoder)
        each = self._name("each", encoder)
        return (
            f"(zigzag(len({value})) + join([{each}(x) for x in {value}]) + b'\\x00'"
            f" if {value} else b'\\x00')"
        )

    def _record(self, schema: Schema, value: str) -> str:
        inner = _Encoding(self._build)
        inner._named = self._named
        return f"{self._name('inner', inner.function(schema))}({value})"


class _Texts(dict[str, bytes]):
    """Encodings of strings that come again and again: entities, sources, zones, roles.

    Emptied when full, so that an actor id per clerk cannot grow it without bound.
    """

    def __missing__(self, text: str) -> bytes:
        if len(self) >= 4096:
            self.clear()
        encoded = self[text] = encode_text(text)
        return encoded


_TEXTS = _Texts()


class _Remembering:
    """Encodes an immutable record once for as long as the same object comes again.

    Keeps the object beside its bytes, so that no other object can get its id; emptied when full.
    """

    def __init__(self, encode: Encoder) -> None:
        self._encode = encode
        self._known: dict[int, tuple[Any, bytes]] = {}

    def __call__(self, value: Any) -> bytes:
        known = self._known.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        if len(self._known) >= 16_384:
            self._known.clear()
        encoded = self._encode(value)
        self._known[id(value)] = value, encoded
        return encoded
