"""What could be the next generation: inputs on disk, the guarded model, and the files that it makes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from . import routes, values
from .catalogue import Catalogue, NotWhole, parse
from .guards import Guarded, guard
from .model import Model
from .node import Node
from .places import Unfilled, fill
from .state import State


@dataclass(frozen=True)
class Inputs:
    catalogue: bytes | None
    #: nginx.conf as published in Consul, if it is.
    published: str | None
    #: nginx.conf as user data wrote it.
    installed: str | None
    initial_weights: str
    digest: str

    @staticmethod
    def read(node: Node, node_file: Path) -> Inputs:
        catalogue = _bytes(node.paths.state / "staging" / "catalogue.jsonl")
        published = _bytes(node.paths.state / "files" / "current" / "nginx.conf")
        installed = _bytes(node.paths.nginx_conf)
        weights = _bytes(node.initial_weights_file) if node.initial_weights_file else None
        code = (Path(__file__).parent / "routes.py").stat()
        digest = hashlib.sha256(f"{code.st_mtime_ns} {code.st_size}".encode())
        for part in (catalogue, published, installed, weights, _bytes(node_file)):
            digest.update(f"\0{-1 if part is None else len(part)}\0".encode())
            digest.update(part or b"")
        return Inputs(catalogue, _text(published), _text(installed), _text(weights) or "", digest.hexdigest())


@dataclass
class Proposal:
    guarded: Guarded
    #: Of the catalogue, and empty without a whole one.
    catalogue: Catalogue = field(default_factory=Catalogue)
    #: Why the catalogue is not taken, if it is there.
    refused: str = ""


def propose(node: Node, inputs: Inputs, live: Model, known: bool, state: State, now: float) -> Proposal:
    """The model to apply. Without a whole catalogue it is the live one, or, when none is `known`, the first."""
    initial = _initial_weights(node, inputs)
    refused = ""
    if inputs.catalogue is not None:
        try:
            catalogue = parse(inputs.catalogue, node)
            return Proposal(guard(catalogue, live, initial, state, now), catalogue)
        except NotWhole as error:
            refused = str(error)
    if known and not live.boot:
        return Proposal(Guarded(live), refused=refused)
    return Proposal(Guarded(Model(weights=live.weights or initial, boot=True)), refused=refused)


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
    """The nginx.conf to use, the best first: as published, as installed, as in the live generation. Each with its name.

    One that NGINX does not take must not keep what Consul says from being applied.
    """
    found = [("published", inputs.published), ("installed", inputs.installed), ("live", live)]
    if inputs.published is not None:
        found[1], found[2] = found[2], found[1]
    kept: dict[str, str] = {}
    for name, text in found:
        if text is not None:
            kept.setdefault(text, name)
    return [(name, text) for text, name in kept.items()]


def files(model: Model, node: Node, base: str) -> dict[str, str]:
    """All of a generation but its name. Raises Unfilled, and whatever `render` raises."""
    return {"nginx.conf": fill(base, node.places), **routes.render(model, node)}


__all__ = ["Inputs", "Proposal", "Unfilled", "bases", "files", "propose"]


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode(errors="replace")
