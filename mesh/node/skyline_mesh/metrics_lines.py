"""Lines of the log `counts`, one a request:

    listener  service  route  cluster  status  seconds  upstream statuses  completion  stream

with tabs between. They hold nothing that is different for each request but the time, so most lines of a second are
equal, and equal lines are counted before they are read: `Counter` does that in C. Those of one second come again in the
next, so what was read last is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterable, Iterator

FIELDS = 9
#: Bounds memory while a long log is caught up with.
DIFFERENT_AT_ONCE = 100_000
#: Lines kept with what they say, some 500 bytes each: those of 1,000 busy services.
KEPT = 1 << 14
ROUTES = frozenset({"mesos", "kubernetes", "fallback", "catch-all"})
LISTENERS = frozenset({"local", "inbound", "gateway"})

#: Stand for what has no name of its own. No service, cluster or route can be called so.
NONE = "(none)"
OTHER = "(other)"

_name = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_code = re.compile(r"[1-5][0-9][0-9]")
_seconds = re.compile(r"[0-9]{1,9}\.[0-9]{3}")
#: NGINX puts a comma between servers of an upstream, and a colon between upstreams.
_try = re.compile(r"[^,: ]+")


@dataclass(frozen=True)
class Answer:
    """What one line says: a request that was answered."""

    listener: str
    #: Empty when the request named none.
    service: str
    route: str
    cluster: str
    code: str
    milliseconds: int
    #: Beyond the first.
    more_tries: int
    #: False when the client left before the end. (NGINX says nothing of an upstream that breaks a response off.)
    complete: bool
    #: An upgraded connection or an event stream: its time is how long somebody listened.
    stream: bool


@lru_cache(maxsize=KEPT)
def read(line: bytes) -> Answer | None:
    """None of a line that NGINX did not write so, such as one that a full disk cut off."""
    fields = line.decode("ascii", "replace").split("\t")
    if len(fields) != FIELDS:
        return None
    listener, service, route, cluster, status, seconds, upstream, completion, stream = fields
    if (listener and listener not in LISTENERS) or not _seconds.fullmatch(seconds):
        return None
    whole, thousandths = seconds.split(".")
    return Answer(
        # What is no HTTP is refused before it is known which listener it came to.
        listener=listener or NONE,
        service=service if _name.fullmatch(service) else "",
        route=route if route in ROUTES else OTHER if route else NONE,
        cluster=cluster if _name.fullmatch(cluster) else OTHER if cluster else NONE,
        code=status if _code.fullmatch(status) else OTHER,
        milliseconds=int(whole) * 1000 + int(thousandths),
        more_tries=max(0, len(_try.findall(upstream)) - 1),
        complete=completion == "OK",
        stream=stream != "" or status == "101",
    )


def counted(chunks: Iterable[list[bytes]]) -> Iterator[tuple[Answer | None, int]]:
    """Each different line with how often it came."""
    lines: Counter[bytes] = Counter()
    for chunk in chunks:
        lines.update(chunk)
        if len(lines) > DIFFERENT_AT_ONCE:
            yield from _read_all(lines)
            lines.clear()
    yield from _read_all(lines)


def _read_all(lines: Counter[bytes]) -> Iterator[tuple[Answer | None, int]]:
    for line, times in lines.items():
        yield read(line), times
