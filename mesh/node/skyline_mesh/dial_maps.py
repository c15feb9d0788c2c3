"""What a gateway decides by between clusters: maps of NGINX, made of a model."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .model import Model, Settings
from .names import map_key


def dial_maps(model: Model, settings: dict[str, Settings]) -> Iterator[str]:
    yield from _choice(model, settings)
    yield from _other_workers(model, settings)
    # Told at :5044/_skyline/dial. It also makes a dial of equal weights a configuration of its own, so that it is seen to serve.
    told = json.dumps({"generation": model.dial_generation, "weights": model.weights}, separators=(",", ":"))
    yield f"map \"\" $skyline_dial {{ default '{told}'; }}"


def _choice(model: Model, settings: dict[str, Settings]) -> Iterator[str]:
    """The cluster of a request, by its id or by what its service is sticky by: all gateways and repeats agree.

    A share without workers has the empty name: 503.
    """
    shares = [
        (f'"{cluster if model.clusters.get(cluster) else ""}"', weight)
        for cluster, weight in sorted(model.weights.items())
        if weight > 0
    ]
    if not shares:
        yield 'map "" $dial { default ""; }'
        return
    key = "$skyline_request_id"
    sticky = {name: variable for name, of in settings.items() if (variable := _sticky(of))}
    if sticky:
        key = "$dial_key"
        yield "map $service $sticky {"
        yield '  default "";'
        yield from (f"  {map_key(name)} {variable};" for name, variable in sticky.items())
        yield "}"
        yield "map $sticky $dial_key {"
        yield "  default $sticky;"
        yield '  "" $skyline_request_id;'
        yield "}"
    yield f"split_clients {key} $dial {{"
    for cluster, weight in shares[:-1]:
        yield f"  {weight}% {cluster};"
    yield f"  * {shares[-1][0]};"
    yield "}"


def _other_workers(model: Model, settings: dict[str, Settings]) -> Iterator[str]:
    """For services of which NGINX passes nothing on by itself: the worker after one that was not reached, as of nodes."""
    if all(of.retries != 0 for of in settings.values()):
        return
    yield 'map "$dial $last_upstream" $onward_worker {'
    yield "  volatile;"
    yield "  default cluster-$dial;"
    for cluster, weight in sorted(model.weights.items()):
        ring = [worker.endpoint for worker in model.clusters.get(cluster) or []]
        if weight > 0 and len(ring) > 1:
            for worker, after in zip(ring, [*ring[1:], ring[0]]):
                yield f'  "{cluster} {worker}" {after};'
    yield "}"


def _sticky(of: Settings) -> str:
    if of.sticky_header:
        return f"$http_{of.sticky_header.replace('-', '_')}"
    return f"$cookie_{of.sticky_cookie}" if of.sticky_cookie else ""
