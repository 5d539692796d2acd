"""What the gate tells Prometheus; labels are bounded and never hold a number."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from consentlog.ports import Clock
from dialers.gate import Answer
from dialers.replica import Replica

_DECISIONS = Counter(
    "consentlog_gate_decisions",
    "Answers of the gate by verdict; `final` is no where the view could not answer.",
    ["verdict", "final"],
)


def count_decision(answer: Answer) -> None:
    """Count one answer."""
    final = "yes" if answer.is_final else "no"
    _DECISIONS.labels(answer.decision.verdict.value, final).inc()


class ReplicaCollector(Collector):
    """Reads the replica when Prometheus asks, so that loading a million records counts nothing.

    Args:
        replica: Its view, positions and outcome counts are read without a lock.
        clock: Staleness is the own clock minus the broker's instant of the last level.
    """

    def __init__(self, replica: Replica, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Yield the replica's gauges and counters."""
        view = self._replica.view
        yield GaugeMetricFamily(
            "consentlog_gate_bootstrapped",
            "1 once every partition was read to the end that it had.",
            float(self._replica.bootstrapped),
        )
        yield GaugeMetricFamily(
            "consentlog_gate_numbers", "Numbers with a state in memory.", float(len(view))
        )
        staleness = GaugeMetricFamily(
            "consentlog_gate_staleness_seconds",
            "Own clock minus the instant at which the partition was last level with the log.",
            labels=["partition"],
        )
        now_ms = self._clock.now_ms()
        for partition, reader in enumerate(view.readers):
            if reader.level_at_ms:
                age_s = (now_ms - reader.level_at_ms) / 1000
                staleness.add_metric([str(partition)], age_s)
        yield staleness
        records = CounterMetricFamily(
            "consentlog_gate_records",
            "State records by what became of them: applied, dropped (a zombie's), unreadable.",
            labels=["outcome"],
        )
        for outcome, count in view.filed.items():
            records.add_metric([outcome.value], count)
        yield records
