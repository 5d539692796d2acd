"""Which partition a key belongs to.

Murmur2, as Java's default partitioner and `murmur2_random` compute it.
"""

from __future__ import annotations

import struct
from functools import lru_cache

_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
_BLOCKS = struct.Struct("<I").iter_unpack


def murmur2(data: bytes) -> int:
    """Hash as `org.apache.kafka.common.utils.Utils.murmur2` does.

    Args:
        data: The key's bytes.

    Returns:
        The hash as an unsigned 32-bit integer.
    """
    h = 0x9747B28C ^ len(data)
    tail = len(data) & ~3
    for (k,) in _BLOCKS(data[:tail]):
        k = k * _M & _MASK
        h = h * _M & _MASK ^ (k ^ k >> 24) * _M & _MASK
    if rest := data[tail:]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of `key`.

    Args:
        key: UTF-8 bytes of the E.164 number.
        partitions: Partition count of the topic.
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions
