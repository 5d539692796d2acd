"""The tabs of the desk, in their order."""

from __future__ import annotations

from typing import Final

from producers.desk.frame import Tab
from producers.desk.sheets import SHEETS
from producers.reviews.decide import READ

CASES: Final = Tab("reviews", "/desk/reviews", READ)
"""What waits for a person."""

LISTS: Final = Tab("import", "/desk/import", "events:write")
"""Lists of refusals; only where there is a place to keep them."""

TABS: Final = (*(Tab(one.name, one.path, one.scope) for one in SHEETS), CASES)
"""Every tab of a desk without lists; a clerk sees those that their key may use."""
