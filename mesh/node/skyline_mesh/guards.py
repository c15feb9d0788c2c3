"""Holds back what Consul says when it is more likely wrong than true.

An empty or short answer is no error to consul-template: after an election, an agent's restart or with stale reads a valid
answer can lack many services. Taken at its word it would move all their traffic to Kubernetes. Names that are missed like
that keep their last instances, while all else is applied. Nothing is lost by holding what is really gone: a request for
an instance that does not answer falls to Kubernetes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .catalogue import Catalogue
from .model import Model, Worker
from .names import WORKERS
from .state import State
from .values import Removal

#: Seconds that removals are added up for.
WINDOW = 60.0
#: As many may go in a window, or
MOST_REMOVED = 2
#: this share of all, whichever is more.
MOST_REMOVED_SHARE = 0.2
#: Seconds after which a cluster's scaling in is believed, as long as some of its workers are left.
WORKERS_WINDOW = 300.0

T = TypeVar("T")


@dataclass
class Guarded:
    model: Model
    #: What is not as Consul says, for the log.
    findings: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    held_clusters: list[str] = field(default_factory=list)
    #: Names that went by leave of the override.
    allowed: list[str] = field(default_factory=list)


def guard(catalogue: Catalogue, live: Model, initial: dict[str, int], state: State, now: float) -> Guarded:
    """The model to apply. Changes what `state` remembers of removals; reads nothing else."""
    result = Guarded(Model())
    settings = dict(catalogue.settings)
    for name in catalogue.broken_settings & live.settings.keys():
        settings[name] = live.settings[name]
    weights = _weights(catalogue, live, initial, result)
    services = _hold("services", catalogue.services, live.services, catalogue.removal, state, now, result)
    settings = _hold("settings", settings, live.settings, catalogue.removal, state, now, result)
    result.model = Model(
        services=dict(sorted(services.items())),
        clusters=_workers(catalogue, live, weights, state, now, result),
        weights=weights,
        settings=dict(sorted(settings.items())),
    )
    return result


def _hold(
    kind: str,
    fresh: Mapping[str, T],
    live: Mapping[str, T],
    removal: Removal | None,
    state: State,
    now: float,
    result: Guarded,
) -> dict[str, T]:
    prefix = f"{kind}/"
    recent = {
        key.removeprefix(prefix)
        for key, at in state.removed.items()
        if key.startswith(prefix) and abs(now - at) < WINDOW and key.removeprefix(prefix) not in fresh
    }
    gone = sorted(name for name in live if name not in fresh)
    allowed = [name for name in gone if removal is not None and removal.allows(name, now)]
    doubtful = [name for name in gone if name not in set(allowed)]
    most = max(MOST_REMOVED, MOST_REMOVED_SHARE * len(live.keys() | recent))
    hold = doubtful if len(recent | set(doubtful)) > most else []
    taken = {f"{prefix}{name}": now for name in doubtful if not hold}
    kept = {f"{prefix}{name}": state.removed[f"{prefix}{name}"] for name in sorted(recent)}
    others = {key: at for key, at in state.removed.items() if not key.startswith(prefix)}
    state.removed = {**others, **kept, **taken}
    result.allowed += allowed
    if hold:
        result.held += hold
        result.findings.append(
            f"{len(hold)} {kind} held: with {len(recent)} before, more than {most:g} of {len(live)} would go in "
            f"{WINDOW:g} s: {_some(hold)}"
        )
    return {**fresh, **{name: live[name] for name in hold}}


def _weights(catalogue: Catalogue, live: Model, initial: dict[str, int], result: Guarded) -> dict[str, int]:
    last = live.weights or initial
    if catalogue.weights is None:
        if catalogue.dial_error != "there is none" or not last:
            result.findings.append(f"the dial is not taken: {catalogue.dial_error}; in force is {last}")
        return last
    unknown = [
        cluster
        for cluster in catalogue.weights
        if cluster not in last and cluster not in catalogue.clusters and not live.clusters.get(cluster)
    ]
    if unknown:
        result.findings.append(
            f"the dial is not taken: it gives weight to {_some(unknown)}, which has no worker; in force is {last}"
        )
        return last
    return catalogue.weights


def _workers(
    catalogue: Catalogue, live: Model, weights: dict[str, int], state: State, now: float, result: Guarded
) -> dict[str, list[Worker]]:
    clusters = dict(catalogue.clusters)
    missing: dict[str, float] = {}
    leave = catalogue.removal is not None and catalogue.removal.allows(WORKERS, now)
    for cluster in sorted(weights):
        before, after = live.clusters.get(cluster, []), clusters.get(cluster, [])
        gone = set(before) - set(after)
        many = len(gone) > 2 and 2 * len(gone) > len(before)
        if not gone or (after and not many):
            continue
        if leave:
            result.allowed.append(f"{WORKERS} of {cluster}")
            continue
        since = min(state.missing.get(cluster, now), now)
        if after and now - since >= WORKERS_WINDOW:
            continue
        missing[cluster] = since
        clusters[cluster] = sorted({*before, *after})
        result.held_clusters.append(cluster)
        result.findings.append(f"workers of {cluster} held: {len(gone)} of {len(before)} would go at once")
    state.missing = missing
    return dict(sorted(clusters.items()))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
