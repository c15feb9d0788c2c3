"""What could be the next generation: inputs on disk, the guarded model, and the files that it makes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import dial, routes, values
from .catalogue import Catalogue, NotWhole, parse
from .generations import Generations
from .guards import Guarded, guard
from .model import Model
from .node import Node
from .places import Unfilled, fill
from .state import State

#: That of the live generation, when what is published and what is installed were refused since.
LAST_GOOD = "last-good"


@dataclass(frozen=True)
class Inputs:
    catalogue: bytes | None
    dial: bytes | None
    #: nginx.conf as published in Consul, if it is.
    published: str | None
    #: nginx.conf as user data wrote it.
    installed: str | None
    initial_weights: str
    digest: str

    @staticmethod
    def read(node: Node, node_file: Path) -> Inputs:
        catalogue = _bytes(node.paths.state / "staging" / "catalogue.jsonl")
        dialled = _bytes(node.paths.state / "staging" / "dial.jsonl")
        published = _bytes(node.paths.state / "files" / "current" / "nginx.conf")
        installed = _bytes(node.paths.nginx_conf)
        weights = _bytes(node.initial_weights_file) if node.initial_weights_file else None
        digest = hashlib.sha256()
        for name in ("routes.py", "dial_maps.py"):
            code = (Path(__file__).parent / name).stat()
            digest.update(f"{code.st_mtime_ns} {code.st_size} ".encode())
        for part in (catalogue, dialled, published, installed, weights, _bytes(node_file)):
            digest.update(f"\0{-1 if part is None else len(part)}\0".encode())
            digest.update(part or b"")
        return Inputs(catalogue, dialled, _text(published), _text(installed), _text(weights) or "", digest.hexdigest())


@dataclass
class Proposal:
    guarded: Guarded
    #: Of the catalogue, and empty without a whole one.
    catalogue: Catalogue = field(default_factory=Catalogue)
    #: Why the catalogue is not taken, if it is there.
    refused: str = ""


def propose(node: Node, inputs: Inputs, live: Model, known: bool, state: State, now: float) -> Proposal:
    """The model to apply. Without a whole catalogue it is the live one, or, when none is `known`, the first."""
    told = dial.read(inputs.dial, node.environment)
    catalogue, refused = _catalogue(node, inputs, now)
    chosen, finding = dial.choose(told, catalogue or Catalogue(), live, _initial_weights(node, inputs))
    if catalogue is not None:
        guarded = guard(catalogue, chosen, live, state, now)
        if node.role == "gateway" and (live.boot or not known):
            _stay_in_boot(guarded, told)
    else:
        boot = live.boot or not known
        guarded = Guarded(replace(live, weights=chosen.weights, dial_generation=chosen.generation, boot=boot))
    if finding:
        guarded.findings.append(finding)
    return Proposal(guarded, catalogue or Catalogue(), refused)


def _catalogue(node: Node, inputs: Inputs, now: float) -> tuple[Catalogue | None, str]:
    """What Consul knows, or why it is not taken, if it is there."""
    if inputs.catalogue is None:
        return None, ""
    try:
        return parse(inputs.catalogue, node, now), ""
    except NotWhole as error:
        return None, str(error)


def _stay_in_boot(guarded: Guarded, told: dial.Told) -> None:
    """A gateway that is new must not be said to be ready with nowhere to send to, or by weights that are of long ago: its
    first catalogue can be an empty one, and come before the dial."""
    model = guarded.model
    if not told.came:
        guarded.model = replace(model, boot=True)
        guarded.findings.append(f"not ready yet: it is not known whether there is a dial: {told.error}")
    elif not any(model.clusters.get(cluster) for cluster in model.weights):
        guarded.model = replace(model, boot=True)
        guarded.findings.append(f"not ready yet: no worker is known of the clusters with weight, {model.weights}")


def _initial_weights(node: Node, inputs: Inputs) -> dict[str, int]:
    raw: object = node.initial_weights
    if not raw:
        try:
            raw = json.loads(inputs.initial_weights)
        except (ValueError, RecursionError):
            return {}
    found, _ = values.weights(raw)
    return found or {}


def bases(inputs: Inputs, live: str | None) -> list[tuple[str, str]]:
    """The nginx.conf to use, the best first: as published, as installed, the last good one. Each with its name.

    One that NGINX does not take must not keep what Consul says from being applied.
    """
    found = [("published", inputs.published), ("installed", inputs.installed), (LAST_GOOD, live)]
    if inputs.published is not None:
        found[1], found[2] = found[2], found[1]
    kept: dict[str, str] = {}
    for name, text in found:
        if text is not None:
            kept.setdefault(text, name)
    return [(name, text) for text, name in kept.items()]


def base_in_force(inputs: Inputs, node: Node, generations: Generations) -> tuple[str, str] | None:
    """Which nginx.conf the live generation has, and the beginning of its SHA-256 as it is there, with all places filled."""
    try:
        live = (generations.live_link / "nginx.conf").read_bytes()
    except OSError:
        return None
    digest = hashlib.sha256(live).hexdigest()[:12]
    for name, text in (("published", inputs.published), ("installed", inputs.installed)):
        try:
            if text is not None and fill(text, node.places).encode() == live:
                return name, digest
        except Unfilled:
            pass
    return LAST_GOOD, digest


def files(model: Model, node: Node, base: str) -> dict[str, str]:
    """All of a generation but its name. Raises Unfilled, and whatever `render` raises."""
    return {"nginx.conf": fill(base, node.places), **routes.render(model, node)}


__all__ = ["Inputs", "Proposal", "Unfilled", "base_in_force", "bases", "files", "propose"]


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode(errors="replace")
