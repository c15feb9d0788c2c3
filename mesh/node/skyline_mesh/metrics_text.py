"""Prometheus' text format, version 0.0.4. https://prometheus.io/docs/instrumenting/exposition_formats/"""

from __future__ import annotations

import re
from typing import Iterable, Mapping

from .metrics_tally import Histogram, Labels, Tally

SERVICE = ("listener", "service", "cluster")
_sample = re.compile(
    r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? '
    r"(?:[-+]?[0-9.][-+0-9.eE]*|[-+]?Inf|NaN)"
)
_comment = re.compile(r"# (?:HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\n]+")


def exposition(tally: Tally) -> str:
    lines: list[str] = []
    lines += _counter(
        "skyline_requests_total",
        "Requests answered, by what the mesh made of them.",
        ("listener", "service", "route", "cluster", "code"),
        tally.requests,
    )
    lines += _histogram("skyline_request_seconds", "Time of requests, streams left out.", SERVICE, tally.seconds)
    lines += _histogram(
        "skyline_cluster_request_seconds",
        "Time of requests to services of a cluster, streams left out, in finer steps.",
        ("listener", "cluster"),
        tally.cluster_seconds,
    )
    lines += _counter("skyline_retries_total", "Tries beyond a request's first.", SERVICE, tally.retries)
    lines += _counter(
        "skyline_abandoned_responses_total", "Responses that clients left before the end.", SERVICE, tally.abandoned
    )
    lines += single("skyline_metrics_refused_lines_total", "counter", "Log lines not understood.", tally.refused_lines)
    lines += single("skyline_metrics_services", "gauge", "Names with series of their own.", len(tally.services))
    return "\n".join(lines) + "\n"


def single(name: str, kind: str, text: str, value: float | int) -> list[str]:
    return [*_head(name, kind, text), f"{name} {value}"]


def by_label(name: str, kind: str, text: str, label: str, values: Mapping[str, int]) -> list[str]:
    return [*_head(name, kind, text), *(f"{name}{_labels((label,), (key,))} {values[key]}" for key in sorted(values))]


def merged(text: str, own: str) -> tuple[str, int]:
    """Lines of another's metrics that are well formed and whose name is not in `own`, and how many are not."""
    taken = set(re.findall(r"^# TYPE (\S+)", own, re.MULTILINE))
    kept, refused = [], 0
    for line in filter(None, text.split("\n")):
        match = _comment.fullmatch(line) or _sample.fullmatch(line)
        if match is None or match[1] in taken:
            refused += 1
        else:
            kept.append(line + "\n")
    return "".join(kept), refused


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _labels(names: Iterable[str], values: Iterable[str]) -> str:
    # Values are names that were checked when they were read, and words of ours: nothing to escape.
    return "{" + ",".join(f'{name}="{value}"' for name, value in zip(names, values)) + "}"


def _counter(name: str, text: str, labels: tuple[str, ...], values: Mapping[Labels, int]) -> list[str]:
    return [*_head(name, "counter", text), *(f"{name}{_labels(labels, key)} {values[key]}" for key in sorted(values))]


def _histogram(name: str, text: str, labels: tuple[str, ...], values: Mapping[Labels, Histogram]) -> list[str]:
    lines = _head(name, "histogram", text)
    for key in sorted(values):
        histogram, total, own = values[key], 0, _labels(labels, key)
        for bound, count in zip((*(f"{bound:g}" for bound in histogram.buckets), "+Inf"), histogram.counts):
            total += count
            lines.append(f'{name}_bucket{own[:-1]},le="{bound}"}} {total}')
        lines.append(f"{name}_sum{own} {histogram.milliseconds / 1000}")
        lines.append(f"{name}_count{own} {total}")
    return lines
