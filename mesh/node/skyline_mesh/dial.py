"""The dial: what Consul says of it, and which one is in force.

It comes in a file of its own, so that it waits for nothing; a catalogue that is refused does not stop it.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import values
from .catalogue import Catalogue, NotWhole, documents
from .model import Model
from .values import Dial

#: Of a key that is not there.
NONE = "there is none"


@dataclass(frozen=True)
class Told:
    """What consul-template wrote."""

    dial: Dial | None
    #: Why there is no dial.
    error: str = ""
    #: Whether Consul has said anything, be it that there is none.
    came: bool = True


def read(data: bytes | None, environment: str) -> Told:
    if data is None:
        return Told(None, NONE, came=False)
    try:
        (document,) = documents(data, environment)
        return Told(*values.dial(document["dial"]))
    except (NotWhole, ValueError, KeyError) as error:
        return Told(None, f"its file is not whole: {error}", came=False)


def choose(told: Told, catalogue: Catalogue, live: Model, initial: dict[str, int]) -> tuple[Dial, str]:
    """The one to route by, and what there is to say of it. What cannot be taken changes nothing."""
    last = Dial(live.dial_generation, live.weights) if live.weights else Dial(0, initial)
    if told.dial is None:
        silent = told.error == NONE and last.weights
        return last, "" if silent else f"the dial is not taken: {told.error}; in force is {last.weights}"
    unknown = [
        cluster
        for cluster in told.dial.weights
        if cluster not in last.weights and cluster not in catalogue.clusters and not live.clusters.get(cluster)
    ]
    if unknown:
        return last, (
            f"the dial is not taken: it gives weight to {', '.join(unknown)}, which has no worker; in force is {last.weights}"
        )
    return told.dial, ""
