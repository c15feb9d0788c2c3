"""What is counted, and for which names.

Anybody can ask for any name, so a name gets series of its own only when it is a service: the catalogue has it, or
something answered for it with less than 400 once, which the mesh itself never does. All else is `(unrouted)`. A cap
holds what Consul's content could bring.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Collection

from .metrics_lines import NONE, OTHER, Answer

UNROUTED = "(unrouted)"
SERVICES_AT_MOST = 2000
CLUSTERS_AT_MOST = 32
IDLE_SECONDS = 86_400

#: Seconds. Those of Prometheus' clients, and 30 and 60, as a response may take 60 s until it times out.
SERVICE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
#: For a p99 that two clusters are compared by: steps of the root of two from 1 ms to 64 s, so that an interpolated
#: value is at most a fifth off. Clusters are few; for each service it would be too much.
CLUSTER_BUCKETS = tuple(round(0.001 * 2 ** (step / 2), 4) for step in range(33))


@dataclass
class Histogram:
    buckets: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    #: Whole, so that a sum over years is exact.
    milliseconds: int = 0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.buckets) + 1)

    def add(self, milliseconds: int, times: int) -> None:
        self.counts[bisect_left(self.buckets, milliseconds / 1000)] += times
        self.milliseconds += milliseconds * times


Labels = tuple[str, ...]


class Tally:
    def __init__(self) -> None:
        #: By listener, service, route, cluster, code.
        self.requests: dict[Labels, int] = defaultdict(int)
        #: By listener, service, cluster.
        self.seconds: dict[Labels, Histogram] = {}
        self.retries: dict[Labels, int] = defaultdict(int)
        self.abandoned: dict[Labels, int] = defaultdict(int)
        #: By listener, cluster; of services alone, so that nobody moves a dial by asking for names that are none.
        self.cluster_seconds: dict[Labels, Histogram] = {}
        self.refused_lines = 0
        #: When each name with series of its own was last asked for, in seconds since 1970.
        self.services: dict[str, float] = {}
        self._clusters: set[str] = set()

    def add(self, answer: Answer | None, times: int, known: Collection[str], now: float) -> None:
        """`known` are the names that the catalogue has."""
        if answer is None:
            self.refused_lines += times
            return
        service = self._service(answer, known, now)
        cluster = self._cluster(answer.cluster)
        self.requests[(answer.listener, service, answer.route, cluster, answer.code)] += times
        by_service = (answer.listener, service, cluster)
        if answer.more_tries:
            self.retries[by_service] += answer.more_tries * times
        if not answer.complete:
            self.abandoned[by_service] += times
        if answer.stream:
            return
        _histogram(self.seconds, by_service, SERVICE_BUCKETS).add(answer.milliseconds, times)
        if service != UNROUTED and cluster != NONE:
            histogram = _histogram(self.cluster_seconds, (answer.listener, cluster), CLUSTER_BUCKETS)
            histogram.add(answer.milliseconds, times)

    def _service(self, answer: Answer, known: Collection[str], now: float) -> str:
        name = answer.service
        if not name:
            return UNROUTED
        if name not in self.services:
            if name not in known and not (answer.route != NONE and "101" <= answer.code < "400"):
                return UNROUTED
            if len(self.services) >= SERVICES_AT_MOST and not self._forget(known, now):
                return OTHER
        self.services[name] = now
        return name

    def _cluster(self, cluster: str) -> str:
        if cluster in (NONE, OTHER) or cluster in self._clusters:
            return cluster
        if len(self._clusters) >= CLUSTERS_AT_MOST:
            return OTHER
        self._clusters.add(cluster)
        return cluster

    def _forget(self, known: Collection[str], now: float) -> bool:
        """Drops the series of names that nobody has asked for since yesterday. Says whether there were any."""
        idle = {name for name, seen in self.services.items() if name not in known and now - seen > IDLE_SECONDS}
        for name in idle:
            del self.services[name]
        for table in (self.requests, self.seconds, self.retries, self.abandoned):
            for labels in [labels for labels in table if labels[1] in idle]:
                del table[labels]  # type: ignore[attr-defined]
        return bool(idle)

    def to_json(self) -> dict[str, Any]:
        return {
            "requests": [[*labels, count] for labels, count in self.requests.items()],
            "retries": [[*labels, count] for labels, count in self.retries.items()],
            "abandoned": [[*labels, count] for labels, count in self.abandoned.items()],
            "seconds": [[*labels, [h.milliseconds, *h.counts]] for labels, h in self.seconds.items()],
            "clusterSeconds": [[*labels, [h.milliseconds, *h.counts]] for labels, h in self.cluster_seconds.items()],
            "refusedLines": self.refused_lines,
            "services": self.services,
        }

    @staticmethod
    def from_json(raw: dict[str, Any]) -> Tally:
        """Raises KeyError, TypeError or ValueError of what `to_json` did not write."""
        tally = Tally()
        for name in ("requests", "retries", "abandoned"):
            getattr(tally, name).update({tuple(labels): int(count) for *labels, count in raw[name]})
        tally.seconds = _histograms(raw["seconds"], SERVICE_BUCKETS)
        tally.cluster_seconds = _histograms(raw["clusterSeconds"], CLUSTER_BUCKETS)
        tally.refused_lines = int(raw["refusedLines"])
        tally.services = {str(name): float(seen) for name, seen in raw["services"].items()}
        tally._clusters = {labels[3] for labels in tally.requests} - {NONE, OTHER}
        return tally


def _histogram(table: dict[Labels, Histogram], labels: Labels, buckets: tuple[float, ...]) -> Histogram:
    found = table.get(labels)
    if found is None:
        found = table[labels] = Histogram(buckets)
    return found


def _histograms(raw: list[list[Any]], buckets: tuple[float, ...]) -> dict[Labels, Histogram]:
    """Counts of other buckets, which an older version kept, start anew: Prometheus takes that for a restart."""
    fitting = [entry for entry in raw if len(entry[-1]) == len(buckets) + 2]
    return {tuple(labels): Histogram(buckets, counts, ms) for *labels, (ms, *counts) in fitting}
