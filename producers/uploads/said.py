"""What a clerk said beside the button that imports a list, and what of it is still missing."""

from __future__ import annotations

from dataclasses import dataclass

from producers.uploads.draw_confirm import UNREADABLE, ZONE
from producers.uploads.terms import names_no_zone
from producers.uploads.upload import State, Upload


@dataclass(frozen=True, slots=True)
class Said:
    """The zone that was typed; `is_so` = the list really is so, although much cannot be read."""

    zone: str
    is_so: bool

    def lacks_for(self, upload: Upload) -> frozenset[str]:
        """Return the fields that have to be put right before a list is imported.

        A list that is under way was asked after before: it goes on.
        """
        wrong = set()
        if upload.needs_zone and names_no_zone(self.zone):
            wrong.add(ZONE)
        if upload.state is State.LOOKED and upload.has_many_unreadable and not self.is_so:
            wrong.add(UNREADABLE)
        return frozenset(wrong)
