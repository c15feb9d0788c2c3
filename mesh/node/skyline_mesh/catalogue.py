"""Reads what consul-template wrote of Consul's catalogue.

What is wrong with one service, instance or value is dropped and counted and stops nothing else. A file that is not whole,
or of another environment, is refused as a whole: `NotWhole`.
"""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from . import values
from .model import Instance, Settings, Worker
from .names import CLUSTER_NAME, NODE_NAME, RESERVED, SERVICE_NAME
from .node import Node

MAX_BYTES = 64 * 1024 * 1024


class NotWhole(Exception):
    """The file cannot be what Consul knows."""


@dataclass
class Catalogue:
    """Services and settings sorted by name, workers by address."""

    services: dict[str, list[Instance]] = field(default_factory=dict)
    #: Instances whose own checks pass, on nodes whose Consul agent does not answer.
    silent: dict[str, list[Instance]] = field(default_factory=dict)
    #: Instances whose checks have not run since the agent started.
    unchecked: dict[str, list[Instance]] = field(default_factory=dict)
    clusters: dict[str, list[Worker]] = field(default_factory=dict)
    settings: dict[str, Settings] = field(default_factory=dict)
    #: Services whose settings cannot be read.
    broken_settings: set[str] = field(default_factory=set)
    removal: values.Removal | None = None
    #: Why an override is not taken, if there is one.
    removal_error: str = ""
    #: How many things were dropped, by reason.
    dropped: Counter[str] = field(default_factory=Counter)
    #: The first few of them, for the log.
    examples: list[str] = field(default_factory=list)

    def drop(self, reason: str, what: object) -> None:
        self.dropped[reason] += 1
        if len(self.examples) < 10:
            self.examples.append(f"{reason}: {what!r:.200}")


def parse(data: bytes, node: Node, now: float) -> Catalogue:
    """Raises NotWhole."""
    catalogue = Catalogue()
    loopback = address_of(node.address, loopback=True) is not None and ipaddress.ip_address(node.address).is_loopback
    for document in documents(data, node.environment):
        if "service" in document:
            _service(catalogue, document, node, loopback)
        elif "workers" in document:
            _workers(catalogue, document["workers"], loopback)
        elif "settings" in document:
            _settings(catalogue, document)
        elif "removal" in document:
            catalogue.removal, catalogue.removal_error = values.removal(document["removal"], now)
        elif "refused" in document:
            catalogue.drop("name", document["refused"])
        else:
            catalogue.drop("line", document)
    catalogue.services = dict(sorted(catalogue.services.items()))
    catalogue.clusters = {name: sorted(found) for name, found in sorted(catalogue.clusters.items())}
    catalogue.settings = dict(sorted(catalogue.settings.items()))
    return catalogue


def documents(data: bytes, environment: str, role: str | None = None) -> list[dict[str, Any]]:
    """The lines between head and end of a whole file of this environment and role, which the catalogue has not.

    An unreadable line is an empty document. Raises NotWhole.
    """
    if len(data) > MAX_BYTES:
        raise NotWhole(f"{len(data)} bytes, and at most {MAX_BYTES} are read")
    if not data.endswith(b"\n"):
        raise NotWhole("the last line has no end")
    lines = data[:-1].split(b"\n")
    head, end = _document(lines[0]), _document(lines[-1])
    if head.get("format") != 1:
        raise NotWhole(f"the first line is {lines[0][:200]!r}, and not of format 1")
    if head.get("environment") != environment:
        raise NotWhole(f"it is of environment {head.get('environment')!r}, and this node of {environment!r}")
    if head.get("role") != role:
        raise NotWhole(f"it is of role {head.get('role')!r}, and this node of {role!r}")
    if end != {"end": len(lines) - 1} or isinstance(end["end"], bool):
        raise NotWhole(f"{len(lines) - 1} lines before the last, which is {lines[-1][:200]!r}")
    return [_document(line) for line in lines[1:-1]]


def _document(line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _service(catalogue: Catalogue, document: dict[str, Any], node: Node, loopback: bool) -> None:
    name, found = document["service"], document.get("instances")
    if not isinstance(name, str) or not SERVICE_NAME.fullmatch(name):
        return catalogue.drop("name", name)
    if name in node.denied or name in RESERVED:
        return catalogue.drop("denied name", name)
    if any(name in known for known in (catalogue.services, catalogue.silent, catalogue.unchecked)):
        return catalogue.drop("name twice", name)
    if not isinstance(found, list):
        return catalogue.drop("line", document)
    instances: set[Instance] = set()
    silent: set[Instance] = set()
    unchecked: set[Instance] = set()
    for each in found:
        place = _place(each, loopback)
        if place is None:
            catalogue.drop("instance", each)
            continue
        label = each.get("node")
        known = label if isinstance(label, str) and NODE_NAME.fullmatch(label) else ""
        kind = silent if each.get("silent") is True else unchecked if each.get("unchecked") is True else instances
        kind.add(Instance(*place, known))
    taken: set[tuple[object, ...]] = set()
    for into, among in ((catalogue.services, instances), (catalogue.silent, silent), (catalogue.unchecked, unchecked)):
        if found := _distinct({each for each in among if each[:2] not in taken}):
            into[name] = found
            taken |= {each[:2] for each in found}
    return None


def _distinct(instances: set[Instance]) -> list[Instance]:
    """Sorted. Two registrations of one address and port are one instance, whatever nodes they name."""
    return [*{each[:2]: each for each in sorted(instances, reverse=True)}.values()][::-1]


def _workers(catalogue: Catalogue, found: object, loopback: bool) -> None:
    if not isinstance(found, list):
        return catalogue.drop("line", found)
    clusters: dict[str, set[Worker]] = {}
    for each in found:
        place = _place(each, loopback)
        cluster = each.get("cluster") if isinstance(each, dict) else None
        if place is None or not isinstance(cluster, str) or not CLUSTER_NAME.fullmatch(cluster):
            catalogue.drop("worker", each)
            continue
        clusters.setdefault(cluster, set()).add(Worker(*place))
    for cluster, workers in clusters.items():
        catalogue.clusters[cluster] = list(workers)
    return None


def _settings(catalogue: Catalogue, document: dict[str, Any]) -> None:
    name = document["settings"]
    if not isinstance(name, str) or not SERVICE_NAME.fullmatch(name):
        return catalogue.drop("name of settings", name)
    settings, error = values.settings(document.get("value"))
    if settings is None:
        catalogue.broken_settings.add(name)
        return catalogue.drop("settings", f"{name}: {error}")
    catalogue.settings[name] = settings
    return None


def _place(each: object, loopback: bool) -> tuple[str, int] | None:
    if not isinstance(each, dict):
        return None
    address, port = each.get("address"), each.get("port")
    if not isinstance(address, str) or type(port) is not int or not 0 < port < 65536:
        return None
    known = address_of(address, loopback)
    return None if known is None else (known, port)


@lru_cache(maxsize=65536)
def address_of(text: str, loopback: bool) -> str | None:
    """The address as it is usually written; None when it is none that a service can have.

    A name instead of an address would be one more thing that can fail a whole configuration. Loopback would be the node
    that asks; it is taken only where the mesh itself is on loopback.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if "%" in text or address.is_unspecified or address.is_multicast or address.is_link_local:
        return None
    if address.is_loopback and not loopback:
        return None
    return str(address)
