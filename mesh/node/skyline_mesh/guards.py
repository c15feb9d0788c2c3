"""Holds back what Consul says when it is more likely wrong than true.

An empty or short answer is no error to consul-template: after an election, an agent's restart or with stale reads a valid
answer can lack many services. Taken at its word it would move all their traffic to Kubernetes. Names that are missed like
that keep their last instances, while all else is applied. A request for an instance that is really gone, and whose endpoint
nobody has, falls to Kubernetes by itself. Mesos gives ports anew, though: an endpoint that Consul now has for another name
is no longer held, as requests would reach the wrong service there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from . import silence
from .catalogue import Catalogue
from .model import Instance, Model, Worker
from .names import WORKERS
from .state import State
from .values import Dial, Removal

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


def guard(catalogue: Catalogue, dial: Dial, live: Model, state: State, now: float) -> Guarded:
    """The model to apply. Changes what `state` remembers of removals and of silence; reads nothing else."""
    result = Guarded(Model())
    if catalogue.removal_error:
        result.findings.append(f"the override is not taken: {catalogue.removal_error}")
    settings = dict(catalogue.settings)
    for name in catalogue.broken_settings & live.settings.keys():
        settings[name] = live.settings[name]
    fresh = _with_silent(catalogue, live, state, now, result)
    vacant = _vacant(catalogue, live.services)
    services = _hold("services", fresh, live.services, vacant, catalogue.removal, state, now, result)
    settings = _hold("settings", settings, live.settings, live.settings.get, catalogue.removal, state, now, result)
    result.model = Model(
        services=dict(sorted(services.items())),
        clusters=_workers(catalogue, live, dial.weights, state, now, result),
        weights=dial.weights,
        dial_generation=dial.generation,
        settings=dict(sorted(settings.items())),
    )
    return result


def _with_silent(
    catalogue: Catalogue, live: Model, state: State, now: float, result: Guarded
) -> dict[str, list[Instance]]:
    """The services of the catalogue, and of the silent instances those that stay."""
    given = _names_by_endpoint(catalogue.services)
    services = dict(catalogue.services)
    nodes: list[str] = []
    for name, instances in silence.kept(catalogue, live, state, now).items():
        stay = [each for each in instances if not given.get((each.address, each.port), set()) - {name}]
        if stay:
            services[name] = sorted([*services.get(name, ()), *stay])
            nodes += (each.node or each.address for each in stay)
    if nodes:
        result.findings.append(f"{len(nodes)} instances stay whose Consul agent is silent or new, on {_some(sorted(set(nodes)))}")
    return services


def _vacant(catalogue: Catalogue, live: Mapping[str, list[Instance]]) -> Callable[[str], list[Instance]]:
    """Gives the last instances of a name whose endpoints Consul has for no other name."""
    given = _names_by_endpoint(catalogue.services, catalogue.silent, catalogue.unchecked)
    return lambda name: [each for each in live[name] if not given.get((each.address, each.port), set()) - {name}]


def _names_by_endpoint(*catalogues: Mapping[str, list[Instance]]) -> dict[tuple[str, int], set[str]]:
    found: dict[tuple[str, int], set[str]] = {}
    for services in catalogues:
        for name, instances in services.items():
            for each in instances:
                found.setdefault((each.address, each.port), set()).add(name)
    return found


def _hold(
    kind: str,
    fresh: Mapping[str, T],
    live: Mapping[str, T],
    keep: Callable[[str], T | None],
    removal: Removal | None,
    state: State,
    now: float,
    result: Guarded,
) -> dict[str, T]:
    """`keep` gives what can be held of a name that is live: nothing, or what is false, when nothing can."""
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
    over = len(recent | set(doubtful)) > most
    hold = {name: found for name in doubtful if over and (found := keep(name))}
    taken = {f"{prefix}{name}": now for name in doubtful if name not in hold}
    kept = {f"{prefix}{name}": state.removed[f"{prefix}{name}"] for name in sorted(recent)}
    others = {key: at for key, at in state.removed.items() if not key.startswith(prefix)}
    state.removed = {**others, **kept, **taken}
    result.allowed += allowed
    if hold:
        result.held += hold
        result.findings.append(
            f"{len(hold)} {kind} held: with {len(recent)} before, more than {most:g} of {len(live)} would go in "
            f"{WINDOW:g} s: {_some(list(hold))}"
        )
    lost = [name for name in doubtful if over and name not in hold]
    if lost:
        result.findings.append(f"{kind} not held, as Consul has their endpoints for other names: {_some(lost)}")
    return {**fresh, **hold}


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
