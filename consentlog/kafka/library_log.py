"""Where librdkafka speaks: through our logging, so that its lines are structured and masked too."""

from __future__ import annotations

import logging
from typing import Final

LIBRARY_LOG: Final = logging.getLogger("consentlog.kafka.library")
