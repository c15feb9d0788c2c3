"""What a node routes by: the services in Mesos, the workers of the clusters, the dial and the services' settings.

Everything in a model has been checked: names are service names, addresses are IP addresses, numbers are in range. What is
rendered from a model can hold no character that NGINX reads as anything else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple


def endpoint(address: str, port: int) -> str:
    """As NGINX wants it: `10.0.0.1:80`, `[2001:db8::1]:80`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Instance(NamedTuple):
    """A healthy instance of a service in Mesos."""

    address: str
    port: int
    node: str

    @property
    def endpoint(self) -> str:
        return endpoint(self.address, self.port)


class Worker(NamedTuple):
    """A Kubernetes worker, where the bridge listens."""

    address: str
    port: int

    @property
    def endpoint(self) -> str:
        return endpoint(self.address, self.port)


class Settings(NamedTuple):
    """Settings of one service; times are in seconds. The defaults are those of a service that has none."""

    connect_seconds: float = 1.0
    read_seconds: float = 60.0
    send_seconds: float = 60.0
    retries: int = 1
    connections: int | None = None
    #: What decides on the cluster of a request, where it has it: a header in small letters, or a cookie. At most one of both.
    sticky_header: str | None = None
    sticky_cookie: str | None = None


@dataclass(frozen=True)
class Model:
    """Sorted, so that equal catalogues make equal generations."""

    services: dict[str, list[Instance]] = field(default_factory=dict)
    clusters: dict[str, list[Worker]] = field(default_factory=dict)
    #: Shares of the clusters, 1 to 100; their sum is 100, or there are none yet. A cluster may have no worker.
    weights: dict[str, int] = field(default_factory=dict)
    #: Generation of the dial that these weights are of; 0 for initial ones.
    dial_generation: int = 0
    settings: dict[str, Settings] = field(default_factory=dict)
    #: Made before any catalogue has come.
    boot: bool = False

    def to_json(self) -> str:
        return json.dumps(
            {
                "services": self.services,
                "clusters": self.clusters,
                "weights": self.weights,
                "dialGeneration": self.dial_generation,
                "settings": self.settings,
                "boot": self.boot,
            },
            separators=(",", ":"),
        )

    @staticmethod
    def from_json(text: str) -> Model:
        """Reads what `to_json` wrote; other texts raise ValueError, TypeError, KeyError or AttributeError."""
        raw: dict[str, Any] = json.loads(text)
        return Model(
            services={name: [Instance(*each) for each in found] for name, found in raw["services"].items()},
            clusters={name: [Worker(*each) for each in found] for name, found in raw["clusters"].items()},
            weights=dict(raw["weights"]),
            # Models on disk are of the code before an upgrade, too.
            dial_generation=int(raw.get("dialGeneration", 0)),
            settings={name: Settings(*each) for name, each in raw["settings"].items()},
            boot=bool(raw["boot"]),
        )
