"""Tells what a run did: a line of JSON, and metrics that skyline-metrics adds to its own."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .disk import write_atomically
from .state import State

#: Why a candidate did not go live.
REJECTIONS = ("catalogue", "template", "nginx-test", "unconfirmed")


def log_line(log: Path, run: dict[str, Any]) -> None:
    """To standard output, which is the journal, and to apply.log. A full disk stops no configuration."""
    line = json.dumps({"time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), **run}) + "\n"
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
        with open(log / "apply.log", "a", encoding="ascii") as file:
            file.write(line)
    except OSError:
        pass


def write_metrics(run: Path, live: str | None, state: State, base: tuple[str, str] | None) -> None:
    last, summary = state.last, state.summary
    metrics = [
        ("generation_info", "gauge", "The live generation.", [(f'{{generation="{live}"}}', 1 if live else 0)]),
        (
            "nginx_conf_info",
            "gauge",
            "The nginx.conf in force: published, installed or last-good.",
            [(f'{{base="{base[0]}",sha256="{base[1]}"}}', 1)] if base else [],
        ),
        ("reloads_total", "counter", "Reloads of NGINX.", [("", state.counters["reloads"])]),
        (
            "rejected_renders_total",
            "counter",
            "Candidates that did not go live.",
            [(f'{{reason="{reason}"}}', state.counters[f"rejected/{reason}"]) for reason in REJECTIONS],
        ),
        ("deferred_applies_total", "counter", "Runs that a later one makes up for.", [("", state.counters["deferred"])]),
        ("dropped_total", "counter", "Invalid names, instances and values in runs.", [("", state.counters["dropped"])]),
        ("override_removals_total", "counter", "Names removed by an override.", [("", state.counters["allowed"])]),
        ("held_names", "gauge", "Names held against the catalogue.", [("", len(last.get("held", ())))]),
        ("held_clusters", "gauge", "Clusters whose workers are held.", [("", len(last.get("held_clusters", ())))]),
        ("services", "gauge", "Services healthy in Mesos.", [("", summary.get("services", 0))]),
        ("dial_generation", "gauge", "Of the dial in force; 0 without one.", [("", summary.get("dialGeneration", 0))]),
        ("cluster_weight", "gauge", "The dial.", _by_cluster(summary.get("weights", {}))),
        ("cluster_workers", "gauge", "Workers by cluster.", _by_cluster(summary.get("workers", {}))),
        ("last_apply_timestamp_seconds", "gauge", "When it was all in force last.", [("", round(state.last_success, 3))]),
    ]
    lines = []
    for name, kind, says, samples in metrics:
        lines += [f"# HELP skyline_{name} {says}", f"# TYPE skyline_{name} {kind}"]
        lines += [f"skyline_{name}{labels} {value}" for labels, value in samples]
    try:
        write_atomically(run / "apply.prom", "\n".join(lines) + "\n")
    except OSError as error:
        print(f"metrics are not written: {error}", file=sys.stderr)


def _by_cluster(numbers: dict[str, int]) -> list[tuple[str, int]]:
    return [(f'{{cluster="{name}"}}', number) for name, number in numbers.items()]


def status(live: str | None, serving: str | None, state: State, base: tuple[str, str] | None) -> str:
    """What `skyline-apply --status` prints."""
    return json.dumps(
        {
            "live": live,
            "serving": serving,
            "unconfirmedFrom": state.unconfirmed_from,
            "nginxConf": {"base": base[0], "sha256": base[1]} if base else None,
            **state.summary,
            "lastSuccess": state.last_success,
            "last": state.last,
            "counters": dict(state.counters),
        },
        indent=2,
    )


