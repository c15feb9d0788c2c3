"""What the apply step remembers from run to run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .bucket import CATALOGUE, DIAL, Bucket
from .disk import write_atomically


@dataclass
class State:
    bucket: Bucket = field(default_factory=CATALOGUE.full)
    dial_bucket: Bucket = field(default_factory=DIAL.full)
    #: When names went, by `services/<name>` and `settings/<name>`, within the guard's window.
    removed: dict[str, float] = field(default_factory=dict)
    #: Since when many workers of a cluster are missing.
    missing: dict[str, float] = field(default_factory=dict)
    #: Since when instances in force are silent or unchecked, by that, name and endpoint.
    silent: dict[str, float] = field(default_factory=dict)
    #: The generation to go back to, while a newer one is being installed and not yet confirmed.
    unconfirmed_from: str | None = None
    #: Digest of the inputs of the last run that left nothing to do.
    settled: str = ""
    #: Generations that NGINX did not take, and when they may be tried again.
    refused: dict[str, float] = field(default_factory=dict)
    #: Totals for the metrics, such as `reloads` or `rejected/nginx-test`.
    counters: Counter[str] = field(default_factory=Counter)
    #: The last run that did something, as it was logged.
    last: dict[str, Any] = field(default_factory=dict)
    #: What is in force, in numbers: services, weights and workers by cluster.
    summary: dict[str, Any] = field(default_factory=dict)
    #: Seconds since 1970 of the last run that ended with what Consul says in force.
    last_success: float = 0.0

    def save(self, path: Path) -> None:
        buckets = {"bucket": vars(self.bucket), "dial_bucket": vars(self.dial_bucket)}
        write_atomically(path, json.dumps({**vars(self), **buckets}, separators=(",", ":")))

    @staticmethod
    def load(path: Path) -> State:
        """An unreadable state is an empty one: nothing in it is worth standing still for."""
        try:
            raw = json.loads(path.read_text())
            raw |= {key: Bucket(**raw[key]) for key in ("bucket", "dial_bucket") if key in raw}
            raw["counters"] = Counter(raw["counters"])
            return State(**raw)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return State()
