"""How much may wait in the spool, and how long what was delivered stays."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Records and bytes that may be out of the log at once; delivered ones are kept `keep_ms`."""

    max_rows: int
    max_bytes: int
    keep_ms: int
