"""How seldom Python looks for garbage in processes that hold many small objects and no cycles."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Walk the objects of this process seldom.

    Views, and rows of lists on their way, are freed as soon as nobody refers to them. Python's
    default would walk them all after every few hundred events or rows: a tenth of the CPU.
    """
    gc.set_threshold(100_000, 50, 50)
