"""Instances that nobody has checked lately: the Consul agent of their node does not answer, or has just started.

Consul takes all that such a node has for unhealthy, though an agent that ends leaves the services as they are. What was last
known of them is believed for a while: should the node itself be gone, requests fall to other instances by themselves.
"""

from __future__ import annotations

from .catalogue import Catalogue
from .model import Instance, Model
from .state import State

#: Seconds that an instance stays whose agent does not answer.
SILENCE_WINDOW = 300.0
#: Seconds that an agent has to check for the first time: intervals of checks are shorter.
UNCHECKED_WINDOW = 60.0


def kept(catalogue: Catalogue, live: Model, state: State, now: float) -> dict[str, list[Instance]]:
    """Those of them that stay, as they are live. One that is not live would be added on old news.

    Changes what `state` remembers of silence.
    """
    since: dict[str, float] = {}
    found: dict[str, list[Instance]] = {}
    kinds = (("silent", catalogue.silent, SILENCE_WINDOW), ("unchecked", catalogue.unchecked, UNCHECKED_WINDOW))
    for kind, services, window in kinds:
        for name, instances in services.items():
            known = {each[:2]: each for each in live.services.get(name, ())}
            for each in instances:
                if each[:2] not in known:
                    continue
                key = f"{kind} {name} {each.endpoint}"
                since[key] = min(state.silent.get(key, now), now)
                if now - since[key] < window:
                    found.setdefault(name, []).append(known[each[:2]])
    state.silent = since
    return found
