"""skyline-apply and skyline-mirror."""

from __future__ import annotations

import argparse
import traceback
from collections.abc import Callable
from pathlib import Path

from . import candidate, report
from .apply import Apply
from .boot import boot
from .deadline import BOOT_SECONDS, RUN_SECONDS, Deadline
from .generations import Generations
from .lock import locked
from .mirror import mirror
from .nginx import Nginx
from .node import Node, node_file
from .state import State

#: One that waits longer for another run to end is made up for by the timer.
LOCK_SECONDS = 20.0


def apply_main() -> int:
    """Exits with 0 whatever came of it, as consul-template ends when a command of its fails; but for --boot."""
    parser = argparse.ArgumentParser(prog="skyline-apply", description="Puts what Consul knows in force.")
    parser.add_argument("--node", help="settings of the node (/etc/skyline/mesh/node.json)")
    parser.add_argument("--boot", action="store_true", help="sees to a generation that NGINX can start with")
    parser.add_argument("--status", action="store_true", help="prints what is in force, as JSON")
    options = parser.parse_args()
    path = node_file(options.node)
    if options.status:
        return _status(path)
    if options.boot:
        until = Deadline.after(BOOT_SECONDS)
        return _locked(path, lambda node: boot(node, path, until), failed=1)
    until = Deadline.after(RUN_SECONDS)
    return _locked(path, lambda node: _apply(node, path, until), failed=0)


def mirror_main() -> int:
    """Lays out the published files, then applies what they change."""
    parser = argparse.ArgumentParser(prog="skyline-mirror", description="Lays out files that are published in Consul.")
    parser.add_argument("--node", help="settings of the node (/etc/skyline/mesh/node.json)")
    path = node_file(parser.parse_args().node)
    until = Deadline.after(RUN_SECONDS)
    return _locked(path, lambda node: _apply(node, path, until) if mirror(node) else 0, failed=0)


def _apply(node: Node, path: Path, until: Deadline) -> int:
    Apply(node, path, until)()
    return 0


def _locked(path: Path, run: Callable[[Node], int], failed: int) -> int:
    """Runs alone on this node. Whatever goes wrong is said, and what is live stays."""
    try:
        node = Node.load(path)
        # NGINX makes the folders of its temporary files itself, but not the one above them.
        for folder in (node.paths.state / "cache", node.paths.run, node.paths.log):
            folder.mkdir(parents=True, exist_ok=True)
        with locked(node.paths.state / "lock", LOCK_SECONDS) as alone:
            if not alone:
                report.log_line(node.paths.log, {"result": "busy", "findings": ["another run has not ended yet"]})
                return failed
            return run(node)
    except Exception:  # noqa: BLE001 - an end other than 0 would end consul-template
        traceback.print_exc()
        return failed


def _status(path: Path) -> int:
    node = Node.load(path)
    state = State.load(node.paths.state / "state.json")
    generations = Generations(node.paths.state)
    base = candidate.base_in_force(candidate.Inputs.read(node, path), node, generations)
    print(report.status(generations.live(), Nginx(node).generation(), state, base))
    return 0
