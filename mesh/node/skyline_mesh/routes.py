"""What a node's nginx.conf includes, made of a model.

Pure: equal models and nodes make equal texts. Whatever comes out of a model has been checked there, so nothing is escaped
here. A service in Mesos has one prefix location (they are a sorted tree, and NGINX finds one among 10,000 as fast as among
ten) and one upstream; the rare ways, such as streams and repeats, find theirs by maps.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .dial_maps import dial_maps
from .model import Instance, Model, Settings, endpoint
from .names import map_key
from .node import Node

#: Where the destination proxy of every Mesos node listens.
DESTINATION_PORT = 5041
#: What the gateways may need above a service's own timeout: they repeat, and this node waits for them.
BEYOND_GATEWAYS_SECONDS = 15
#: An instance or node that has failed as often within the time, as one NGINX worker sees it, is left out as long.
EJECTION = "max_fails=3 fail_timeout=10s"

#: Services on several nodes above which those on the same nodes share an upstream, for the sake of a quick reload.
SHARED_ABOVE = 3000

#: Below the keepalive_min_timeout of the NGINX that is asked: it then never closes what is still to be used.
KEEPALIVE = "keepalive_timeout 5s;"


def render(model: Model, node: Node) -> dict[str, str]:
    """Texts by the names of files."""
    services = {name: found for name, found in model.services.items() if found and name not in node.denied}
    settings = {name: of for name, of in model.settings.items() if name not in node.denied}
    port = node.ports.get("inbound", DESTINATION_PORT)
    gateway = node.role == "gateway"
    upstreams = Upstreams.among(services)
    files = {
        "maps.conf": _text(_maps(model, services, settings, upstreams, port, gateway)),
        "upstreams.conf": _text(_upstreams(model, services, upstreams, node, port)),
        "routes.conf": _text(_routes(services, settings, upstreams, gateway)),
    }
    if not gateway:
        files["inbound.conf"] = _text(_inbound(services, node))
    return files


@dataclass(frozen=True)
class Upstreams:
    """Upstreams of the services in Mesos: which one a service has, and what is in each."""

    of: dict[str, str]
    nodes: dict[str, dict[str, int]]

    @staticmethod
    def among(services: dict[str, list[Instance]]) -> Upstreams:
        """An upstream of its own for each service on several nodes, since a node is left out for the service that failed on it.

        A service on one node shares that node's: NGINX leaves out no node that is the only one. NGINX compares each upstream
        to all others when it reads them, so that above a number services share by the set of their nodes, too.
        """
        nodes = {name: _nodes(instances) for name, instances in services.items()}
        many = sum(len(each) > 1 for each in nodes.values()) > SHARED_ABOVE
        of: dict[str, str] = {}
        found: dict[str, dict[str, int]] = {}
        for name, each in nodes.items():
            shared = f"on {' '.join(each)}" if len(each) == 1 else f"on {sorted(each.items())}" if many else name
            of[name] = _upstream_name(shared)
            servers = {address: 1 for address in each} if len(each) == 1 else each
            if found.setdefault(of[name], servers) != servers:
                raise ValueError(f"{name} would share the upstream {of[name]} of other nodes: {servers}, {found[of[name]]}")
        most = Counter(of.values())
        return Upstreams(of, dict(sorted(found.items(), key=lambda item: (-most[item[0]], item[0]))))


def _upstream_name(what: str) -> str:
    """NGINX compares the names by their lengths, and then from the first character: these differ in both.

    Sixteen digits at least: with fewer two services would come to have one name, and with it one's nodes.
    """
    digest = hashlib.sha256(what.encode()).hexdigest()
    return f"{digest[:4]}-mesos-{digest[4 : 20 + int(digest[:2], 16) % 44]}"


def _nodes(instances: Iterable[Instance]) -> dict[str, int]:
    """Addresses of the nodes that a service is on, with how many of its instances each has."""
    return dict(sorted(Counter(each.address for each in instances).items()))


def _maps(
    model: Model,
    services: dict[str, list[Instance]],
    settings: dict[str, Settings],
    upstreams: Upstreams,
    port: int,
    gateway: bool,
) -> Iterator[str]:
    # The upstream of a service in Mesos, and the end of the names of its own locations.
    yield "map $service $mesos {"
    yield '  default "";'
    for name in services:
        yield f"  {map_key(name)} {upstreams.of[name]};"
    yield "}"
    yield "map $service $own {"
    yield '  default "";'
    for name in settings:
        yield f"  {map_key(name)} -{name};"
    yield "}"
    yield "map $service $never_repeated {"
    yield "  default 0;"
    for name, of in settings.items():
        if of.retries == 0:
            yield f"  {map_key(name)} 1;"
    yield "}"
    # For a service on several nodes: the one to try after one that has not passed the request on.
    yield 'map "$service $last_upstream" $neighbour {'
    yield "  volatile;"
    yield '  default "";'
    for name, instances in services.items():
        ring = list(_nodes(instances))
        if len(ring) > 1:
            for at, address in enumerate(ring):
                after = endpoint(ring[(at + 1) % len(ring)], port)
                yield f'  "{name} {endpoint(address, port)}" {after};'
    yield "}"
    if gateway:
        yield f'map "" $has_routes {{ default {0 if model.boot else 1}; }}'
        yield from dial_maps(model, settings)


def _upstreams(
    model: Model,
    services: dict[str, list[Instance]],
    upstreams: Upstreams,
    node: Node,
    port: int,
) -> Iterator[str]:
    # Clusters come first: they are looked for by name at each request, from the beginning.
    if node.role == "gateway":
        for cluster, weight in sorted(model.weights.items()):
            workers = model.clusters.get(cluster)
            if workers and weight > 0:
                yield f"upstream cluster-{cluster} {{"
                # A worker carries all services. Were it left out for the timeouts of one, it would be for all.
                yield from (f"  server {worker.endpoint} max_fails=0;" for worker in workers)
                yield "  random two least_conn;"
                yield "  keepalive 32;"
                yield f"  {KEEPALIVE}"
                yield "}"
    for name, nodes in upstreams.nodes.items():
        yield f"upstream {name} {{"
        for address, count in nodes.items():
            weight = f" weight={count}" if count > 1 else ""
            yield f"  server {endpoint(address, port)}{weight} {EJECTION};"
        yield "  keepalive 16;"
        yield f"  {KEEPALIVE}"
        yield "}"
    if node.role != "gateway":
        for name, instances in services.items():
            if own := _own_instances(instances, node):
                yield f"upstream instances-{name} {{"
                yield from (f"  server {each.endpoint} {EJECTION};" for each in own)
                yield "  keepalive 32;"
                # Below the idle timeout of common application servers, of which the shortest is two seconds.
                yield "  keepalive_timeout 1s;"
                yield "}"


def _routes(
    services: dict[str, list[Instance]],
    settings: dict[str, Settings],
    upstreams: Upstreams,
    gateway: bool,
) -> Iterator[str]:
    for name in services:
        of = settings.get(name)
        if of is None:
            body = f"{{ set $service {name}; set $route mesos; proxy_pass http://{upstreams.of[name]}; }}"
            yield from (f"location {path} {body}" for path in _paths(name))
        else:
            mesos = [*_limits(of), *_timeouts(of, of.read_seconds), *_repeats(of)]
            first = [f"set $service {name};", "set $route mesos;", *mesos, f"proxy_pass http://{upstreams.of[name]};"]
            for path in _paths(name):
                yield from _location(path, first)
            yield from _location(f"@mesos-{name}", ["set $route mesos;", *mesos, "proxy_pass http://$target;"])
            stream = ["set $route mesos;", "proxy_request_buffering off;", *mesos, f"proxy_pass http://{upstreams.of[name]};"]
            yield from _location(f"@stream-mesos-{name}", stream)
    for name, of in settings.items():
        if name not in services:
            onward = [
                *(f"set $service {name};", "set $attempt onward;", f"set $route {_beyond(gateway)};"),
                *(f"error_page 421 = @onward-{name};", "return 421;"),
            ]
            for path in _paths(name):
                yield from _location(path, onward)
        yield from _onward(name, of, gateway)


def _onward(name: str, of: Settings, gateway: bool) -> Iterator[str]:
    first: list[str] = []
    if gateway:
        known = 'if ($dial = "") { return 503 "skyline: this gateway knows no Kubernetes worker to send to\\n"; }'
        first = [known, "set $cluster $dial;"]
        worker = "$onward_worker" if of.retries == 0 else "cluster-$dial"
        rest = [*_limits(of), *_timeouts(of, of.read_seconds), *_repeats(of), f"proxy_pass http://{worker};"]
    else:
        # The gateways are the ones to repeat what was sent; a gateway that dies is replaced by another.
        repeats = ["proxy_next_upstream error timeout;", "proxy_next_upstream_timeout 3s;"]
        read = of.read_seconds + BEYOND_GATEWAYS_SECONDS
        rest = [*_limits(of), *_timeouts(of, read), *(_repeats(of) if of.retries == 0 else repeats)]
        rest.append("proxy_pass http://gateways;")
    yield from _location(f"@onward-{name}", [*first, *rest])
    stream = [f"set $route {_beyond(gateway)};", *first, "proxy_request_buffering off;", *rest]
    yield from _location(f"@stream-onward-{name}", stream)


def _beyond(gateway: bool) -> str:
    """How the log calls what is not in Mesos."""
    return "kubernetes" if gateway else "catch-all"


def _inbound(services: dict[str, list[Instance]], node: Node) -> Iterator[str]:
    for name, instances in services.items():
        if _own_instances(instances, node):
            for path in _paths(name):
                yield f"location {path} {{ set $service {name}; proxy_pass http://instances-{name}/; }}"


def _paths(name: str) -> tuple[str, str]:
    """Without the second, NGINX would redirect from the path without a slash to the one with it."""
    return (f"^~ /service/{name}/", f"= /service/{name}")


def _own_instances(instances: Iterable[Instance], node: Node) -> list[Instance]:
    return [each for each in instances if each.address == node.address]


def _timeouts(of: Settings, read_seconds: float) -> list[str]:
    return [
        f"proxy_connect_timeout {_milliseconds(of.connect_seconds)};",
        f"proxy_read_timeout {_milliseconds(read_seconds)};",
        f"proxy_send_timeout {_milliseconds(of.send_seconds)};",
    ]


def _repeats(of: Settings) -> list[str]:
    return ["proxy_next_upstream off;"] if of.retries == 0 else []


def _limits(of: Settings) -> list[str]:
    return [] if of.connections is None else [f"limit_conn services {of.connections};"]


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def _location(of: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"location {of} {{"
    yield from (f"  {line}" for line in lines)
    yield "}"


def _text(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
