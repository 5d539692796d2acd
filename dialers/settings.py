"""Settings of the gate."""

from __future__ import annotations

from consentlog.settings import HttpSettings, KafkaSettings, ReferenceSettings


class GateSettings(ReferenceSettings):
    """Everything that `consentlog-gate` is told by its environment."""

    kafka: KafkaSettings
    http: HttpSettings
