"""Avro's zigzag longs, with a short way for what fills our records: counts and times in ms.

Source: Apache Avro 1.12 specification, "Binary Encoding".
"""

from __future__ import annotations

from struct import Struct
from typing import Final


def zigzag(value: int) -> bytes:
    """Encode a long."""
    number = value << 1 if value >= 0 else (-value << 1) - 1
    if number < 0x80:
        return ONE_BYTE[number]
    if 0x8_0000_0000 <= number < 0x400_0000_0000:
        # Six bytes, two at a time: every time in ms between 1970-07 and 2039-09.
        return MORE[number & 0x3FFF] + MORE[number >> 14 & 0x3FFF] + LAST[number >> 28]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


ONE_BYTE: Final = [bytes((n,)) for n in range(0x80)]
"""Seven bits as the one byte of a short long."""
MORE: Final = [bytes((n & 0x7F | 0x80, n >> 7 | 0x80)) for n in range(0x4000)]
"""14 bits as two bytes that are followed by more."""
LAST: Final = [bytes((n & 0x7F | 0x80, n >> 7)) for n in range(0x4000)]
"""14 bits as two bytes that end a long."""


SIX_BYTES: Final = Struct("<HI")
"""The two bytes and the four bytes that make a time in ms; what `LOW` and `HIGH` are asked for."""


def _low(two: int) -> int:
    first, second = two & 0xFF, two >> 8
    if first < 0x80 or second < 0x80 or first & 1:
        return -1
    return (first & 0x7F | (second & 0x7F) << 7) >> 1


LOW: Final = [_low(two) for two in range(0x1_0000)]
"""Lowest 13 bits of a number ≥ 0 from its first two bytes, -1 if they are of another."""


class _High(dict[int, int]):
    """The bits above those from the last four of six bytes, -1 if they are of another.

    A day needs about 10,000 of them. Emptied when full.
    """

    def __missing__(self, four: int) -> int:
        if len(self) >= 65_536:
            self.clear()
        found = -1
        if four & 0x80_80_80_80 == 0x80_80_80:
            found = (
                four & 0x7F | four >> 1 & 0x3F80 | four >> 2 & 0x1F_C000 | four >> 3 & 0xFE0_0000
            )
        self[four] = found << 13 if found >= 0 else -1
        return self[four]


HIGH: Final = _High()


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
