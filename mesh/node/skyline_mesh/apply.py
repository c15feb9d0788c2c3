"""One run of the apply step: from what is on disk to a configuration in force, or back.

Each run begins with what is there, whatever became of the run before it. A change of the live generation is noted before
it is made (`unconfirmed_from`), so that a later run can confirm it or take it back.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from . import candidate, report
from .bucket import CATALOGUE, DIAL
from .deadline import Deadline, OutOfTime
from .generations import Generations, name_of
from .model import Model
from .nginx import INSTALL_SECONDS, Nginx
from .node import Node
from .state import State

#: Before what NGINX did not take is tried again.
RETRY_SECONDS = 60.0


class Apply:
    """Holds the lock while it lives."""

    def __init__(self, node: Node, node_file: Path, deadline: Deadline) -> None:
        self.node = node
        self.deadline = deadline
        self.node_file = node_file
        self.state_file = node.paths.state / "state.json"
        self.state = State.load(self.state_file)
        self.generations = Generations(node.paths.state)
        self.generations.folder.mkdir(parents=True, exist_ok=True)
        self.nginx = Nginx(node)
        self.begun = time.monotonic()
        self.now = time.time()
        self.run: dict[str, Any] = {"findings": []}

    def __call__(self) -> str:
        """What came of it: unchanged, applied, installed (no NGINX runs), held, deferred, refused or rolled-back."""
        inputs = candidate.Inputs.read(self.node, self.node_file)
        live = self.generations.live()
        master = self.nginx.master()
        serving = self.nginx.generation() if master else None
        in_force = live is not None and (master is None or serving == live)
        if in_force and self.state.settled == inputs.digest and self.state.unconfirmed_from is None:
            self.state.last_success = self.now
            report.write_metrics(self.node.paths.run, live, self.state, self._base(inputs))
            return "unchanged"

        self.state.settled = ""
        fresh = self.state.last.get("inputs") != inputs.digest
        self.run["inputs"] = inputs.digest
        proposal = candidate.propose(
            self.node, inputs, self.generations.live_model(), live is not None, self.state, self.now
        )
        self._note(proposal, fresh)
        model = proposal.guarded.model
        try:
            name, result = self._stage(inputs, model, live)
        except OutOfTime as error:
            return self._finish(self._defer(str(error)), inputs)
        if name is not None and name == live and in_force:
            # What an interrupted run did not see confirmed serves.
            self.state.unconfirmed_from = None
            self.generations.update_model(name, model)
            result = "unchanged"
        elif name is not None:
            result = self._install(name, model, live, master)
        if result in ("unchanged", "applied", "installed"):
            self.state.summary = {
                "services": len(model.services),
                "weights": model.weights,
                "dialGeneration": model.dial_generation,
                "workers": {cluster: len(workers) for cluster, workers in model.clusters.items()},
                "boot": model.boot,
            }
            if not self.run["findings"]:
                self.state.settled = inputs.digest
                self.state.last_success = self.now
        return self._finish(result, inputs)

    def _note(self, proposal: candidate.Proposal, fresh: bool) -> None:
        guarded, catalogue = proposal.guarded, proposal.catalogue
        self.run["findings"] += guarded.findings
        if proposal.refused:
            self.run["findings"].append(f"the catalogue is refused: {proposal.refused}")
        self.run |= {"held": guarded.held, "held_clusters": guarded.held_clusters}
        if catalogue.dropped:
            self.run |= {"dropped": dict(catalogue.dropped), "examples": catalogue.examples}
        removal = catalogue.removal
        if guarded.allowed and removal is not None:
            self.run |= {"allowed": guarded.allowed, "override": {"by": removal.by, "why": removal.why}}
        if fresh:
            self.state.counters["dropped"] += catalogue.dropped.total()
            self.state.counters["allowed"] += len(guarded.allowed)
            self.state.counters["rejected/catalogue"] += 1 if proposal.refused else 0

    def _stage(self, inputs: candidate.Inputs, model: Model, live: str | None) -> tuple[str | None, str]:
        """The name of a generation that NGINX takes and that is on disk, or why there is none."""
        self.state.refused = {name: at for name, at in self.state.refused.items() if 0 < at - self.now <= RETRY_SECONDS}
        nginx_conf = self.generations.live_link / "nginx.conf"
        for base, text in candidate.bases(inputs, nginx_conf.read_text() if live else None):
            try:
                files = candidate.files(model, self.node, text)
            except Exception as error:  # noqa: BLE001 - whatever it is, what is live stays
                self._reject("template", f"nginx.conf as {base} cannot be rendered: {error!r}")
                continue
            name = name_of(files)
            if name in self.state.refused:
                self.run["findings"].append(f"{name}, with nginx.conf as {base}, was refused before")
                continue
            if name == live and self.generations.sound(name):
                return name, ""
            self.generations.stage(name, files, model)
            error = self.nginx.test(self.generations.staged / "nginx.conf", self.deadline.before(INSTALL_SECONDS))
            if not error:
                self.generations.keep(name)
                return name, ""
            self.generations.refuse()
            self.state.refused[name] = self.now + RETRY_SECONDS
            self._reject("nginx-test", f"NGINX refuses {name}, with nginx.conf as {base}: {error}")
        return None, "refused"

    def _install(self, name: str, model: Model, live: str | None, master: int | None) -> str:
        self.run |= {"generation": name, "from": live}
        if master is not None:
            if self.deadline.left < INSTALL_SECONDS:
                return self._defer("too little time is left for a reload")
            if why := self._over_limit(master, model):
                return self._defer(why)
        back = self.state.unconfirmed_from or live
        if master is not None and back != name:
            self.state.unconfirmed_from = back
        self.state.save(self.state_file)
        self.generations.update_model(name, model)
        self.generations.swap(name)
        if master is None:
            self.state.unconfirmed_from = None
            return "installed"
        if self._reload(name, master):
            self.state.unconfirmed_from = None
            return "applied"
        return self._roll_back(name, back)

    def _over_limit(self, master: int, model: Model) -> str:
        """Why NGINX is not to be reloaded now, if so. Whoever moves the dial waits for it: it has a limit of its own."""
        old = self.nginx.old_generations(master)
        why = CATALOGUE.exceeded(self.state.bucket, old, self.now)
        if why:
            served = self.generations.model(self.nginx.generation())
            if (model.dial_generation, model.weights) != (served.dial_generation, served.weights):
                return DIAL.exceeded(self.state.dial_bucket, old, self.now)
        return why

    def _reload(self, name: str, master: int) -> bool:
        before, _ = self.nginx.workers(master)
        self.state.counters["reloads"] += 1
        self.nginx.reload(master)
        return self.nginx.confirm(name, before)

    def _roll_back(self, name: str, back: str | None) -> str:
        self._reject("unconfirmed", f"{name} did not serve in time")
        self.state.refused[name] = self.now + RETRY_SECONDS
        self.state.unconfirmed_from = None
        if back is None or back == name or not (self.generations.folder / back).is_dir():
            return "refused"
        self.generations.swap(back)
        master = self.nginx.master()
        self.run["confirmed"] = master is not None and self._reload(back, master)
        self.run["back"] = back
        return "rolled-back"

    def _defer(self, why: str) -> str:
        self.state.counters["deferred"] += 1
        self.run["findings"].append(f"deferred: {why}")
        return "deferred"

    def _reject(self, reason: str, why: str) -> None:
        self.state.counters[f"rejected/{reason}"] += 1
        self.run["findings"].append(why)

    def _base(self, inputs: candidate.Inputs) -> tuple[str, str] | None:
        return candidate.base_in_force(inputs, self.node, self.generations)

    def _finish(self, result: str, inputs: candidate.Inputs) -> str:
        self.run |= {"result": result, "seconds": round(time.monotonic() - self.begun, 3), **self.state.summary}
        seen = ("result", "findings", "generation", "dropped", "allowed")
        news = any(self.run.get(key) != self.state.last.get(key) for key in seen) or result == "applied"
        self.state.last = self.run
        self.state.save(self.state_file)
        live = self.generations.live()
        self.generations.prune(self.state.unconfirmed_from)
        report.write_metrics(self.node.paths.run, live, self.state, self._base(inputs))
        if news:
            report.log_line(self.node.paths.log, self.run)
        return result
