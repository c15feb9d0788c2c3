"""Counts what NGINX logs of requests, and writes it as Prometheus metrics, which NGINX serves at :5044/metrics.

NGINX never waits for this process: it writes to a file whether somebody reads it or not. After a kill it goes on from
what it saved last, so nothing is counted twice or left out.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from typing import Callable

from .metrics_lines import counted
from .metrics_log import CountsLog
from .metrics_nginx import connections, reopen_logs
from .metrics_state import SavedTwice
from .metrics_tally import Tally
from .metrics_text import by_label, exposition, merged, single
from .nginx import Nginx
from .node import Node

FORMAT = 1
#: NGINX writes its buffer each second.
TICK_SECONDS = 1.0
#: A save costs an fsync; a kill in between costs nothing, as the lines are read again.
SAVE_SECONDS = 5.0
#: Of this process' time that writing the metrics may take: many series are written less often.
WRITING_SHARE = 0.01
FOREIGN_BYTES_AT_MOST = 1 << 20

log = logging.getLogger("skyline-metrics")


class Metrics:
    def __init__(self, node: Node) -> None:
        self.node = node
        self._nginx = Nginx(node)
        self._state = SavedTwice(node.paths.state)
        self._output = node.paths.run / "metrics.prom"
        self._failures: dict[str, str] = {}
        self._known: frozenset[str] = frozenset()
        self._known_of: tuple[str, int] | None = None
        self._save_at = 0.0
        self._write_at = 0.0
        saved = self._load()
        self.tally, positions = (Tally.from_json(saved["tally"]), saved["log"]) if saved else (Tally(), None)
        self.log = CountsLog(node.paths.log, lambda: reopen_logs(self._nginx), positions)

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; then once more."""
        self.tick()
        while not stop.wait(TICK_SECONDS):
            self.tick()
        self.tick(last=True)

    def tick(self, last: bool = False) -> None:
        known = self._known_names()
        for answer, times in counted(self.log.chunks()):
            self.tally.add(answer, times, known, time.time())
        now = time.monotonic()
        if last or now >= self._save_at:
            self._save(now)
            self._save_at = now + SAVE_SECONDS
        if last or now >= self._write_at:
            began = time.process_time()
            self._write()
            self._write_at = now + (time.process_time() - began) / WRITING_SHARE

    def _load(self) -> dict | None:
        data = self._state.load()
        if data is None:
            return None
        try:
            saved = json.loads(data)
            if saved["format"] != FORMAT:
                raise ValueError(f"its format is {saved['format']}, and this program's is {FORMAT}")
            Tally.from_json(saved["tally"])
            return saved
        except (ValueError, KeyError, TypeError) as error:
            log.warning("counting starts at zero: what was saved cannot be read: %s", error)
            return None

    def _save(self, now: float) -> None:
        positions = self.log.positions()
        state = {"format": FORMAT, "tally": self.tally.to_json(), "log": positions}
        data = json.dumps(state, separators=(",", ":")).encode()
        if self._did("save", lambda: self._state.save(data)):
            self.log.saved(positions, now)

    def _write(self) -> None:
        master = self._nginx.master()
        accepting, ending = self._nginx.workers(master) if master is not None else ((), ())
        states = {"accepting": len(accepting), "shutting-down": len(ending)}
        own = exposition(self.tally)
        own += "\n".join(
            [
                *by_label("skyline_nginx_workers", "gauge", "Workers of NGINX.", "state", states),
                *by_label("skyline_connections", "gauge", "Open connections of clients.", "listener", self._connections()),
                *single("skyline_metrics_backlog_bytes", "gauge", "Of the log, not yet counted.", self.log.backlog()),
                *single("skyline_metrics_unsaved", "gauge", "1 while counts cannot be saved.", int("save" in self._failures)),
                *single("skyline_metrics_written_timestamp_seconds", "gauge", "When this was written.", round(time.time(), 3)),
                "",
            ]
        )
        foreign, refused = merged(self._applied(), own)
        own += "\n".join([*single("skyline_metrics_refused_samples", "gauge", "Of apply.prom.", refused), ""])
        self._did("write", lambda: self._replace_output(own + foreign))

    def _connections(self) -> dict[str, int]:
        names = ("gateway",) if self.node.role == "gateway" else ("local", "inbound")
        return connections({port: name for name, port in self.node.ports.items() if name in names})

    def _applied(self) -> str:
        """Metrics of skyline-apply, which runs now and then and leaves them in a file."""
        try:
            with open(self.node.paths.run / "apply.prom", encoding="utf-8", errors="replace") as file:
                return file.read(FOREIGN_BYTES_AT_MOST)
        except OSError:
            return ""

    def _known_names(self) -> frozenset[str]:
        """Names that the live generation has, read anew when that is another."""
        path = self.node.paths.state / "live" / "model.json"
        try:
            of = (os.path.realpath(path), os.stat(path).st_mtime_ns)
            if of != self._known_of:
                model = json.loads(path.read_text())
                self._known = frozenset([*model["services"], *model["settings"]])
                self._known_of = of
        except (OSError, ValueError, KeyError, TypeError):
            # Between generations, or none yet: the names of before are still right.
            pass
        return self._known

    def _replace_output(self, text: str) -> None:
        fresh = self._output.with_name(f".{self._output.name}.new")
        fresh.write_text(text)
        os.replace(fresh, self._output)

    def _did(self, job: str, what: Callable[[], None]) -> bool:
        """Says once that it fails, and once that it no longer does."""
        try:
            what()
        except OSError as error:
            if self._failures.get(job) != str(error):
                log.warning("%s fails, and counting goes on: %s", job, error)
            self._failures[job] = str(error)
            return False
        if self._failures.pop(job, None):
            log.warning("%s works again", job)
        return True


def serve(node: Node) -> None:
    """Until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Metrics(node).run(stop)
