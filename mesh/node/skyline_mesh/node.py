"""Settings of this node, which user data writes to `node.json`."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEFAULT_FILE = "/etc/skyline/mesh/node.json"


@dataclass(frozen=True)
class Paths:
    state: Path
    run: Path
    log: Path
    #: nginx.conf of this node's role, with or without places; beside node.json unless said.
    nginx_conf: Path


@dataclass(frozen=True)
class Node:
    role: str
    environment: str
    #: As Consul gives it for the services of this node.
    address: str
    #: The binary.
    nginx: str
    paths: Paths
    ports: dict[str, int]
    listen: dict[str, str]
    #: Where a Mesos node finds the gateways, `sdb.<domain>:5042`.
    gateway: str | None
    #: Names that are no service's.
    denied: frozenset[str]
    initial_weights: dict[str, Any]
    initial_weights_file: Path | None
    #: What places of nginx.conf get.
    places: dict[str, str] = field(default_factory=dict)

    @property
    def health(self) -> tuple[str, int]:
        """Where this node's NGINX says its generation."""
        address = self.listen.get("health") or "127.0.0.1"
        return ("127.0.0.1" if address in ("0.0.0.0", "*") else address, self.ports.get("health", 5044))

    @staticmethod
    def load(path: Path) -> Node:
        """Raises OSError, or ValueError that names the file, when it is none."""
        try:
            raw = json.loads(path.read_text())
            paths = raw["paths"]
            weights_file = raw.get("initialWeightsFile")
            return Node(
                role=raw["role"],
                environment=raw["environment"],
                address=raw.get("address") or own_address(),
                nginx=raw["nginx"],
                paths=Paths(
                    state=Path(paths["state"]),
                    run=Path(paths["run"]),
                    log=Path(paths["log"]),
                    nginx_conf=Path(paths.get("nginxConf") or path.parent / "nginx.conf"),
                ),
                ports=dict(raw.get("ports") or {}),
                listen=dict(raw.get("listen") or {}),
                gateway=raw.get("gateway"),
                denied=frozenset(raw.get("denied") or ()),
                initial_weights=dict(raw.get("initialWeights") or {}),
                initial_weights_file=Path(weights_file) if weights_file else None,
                places=dict(raw.get("places") or {}),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is no settings of a node: {error!r}") from error


def node_file(argument: str | None) -> Path:
    return Path(argument or os.environ.get("SKYLINE_MESH_NODE") or DEFAULT_FILE)


def own_address() -> str:
    """The address of the default route's interface, which Consul's agent takes as well. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
