"""Before NGINX starts: sees to it that `live` is a configuration that NGINX starts with, with Consul up or down."""

from __future__ import annotations

import sys
from pathlib import Path

from .apply import Apply
from .deadline import Deadline, OutOfTime
from .generations import Generations
from .nginx import TEST_SECONDS, Nginx
from .node import Node


def boot(node: Node, node_file: Path, deadline: Deadline) -> int:
    """0 when there is one. An ordinary run may find no better one than what is live; that may be of another NGINX, or
    damaged, and then the newest generation that passes is taken."""
    run = Apply(node, node_file, deadline.before(TEST_SECONDS))
    result = run()
    generations, nginx = Generations(node.paths.state), Nginx(node)
    live = generations.live()
    for name in dict.fromkeys([*([live] if live else []), *generations.newest()]):
        try:
            error = nginx.test(generations.folder / name / "nginx.conf", deadline)
        except OutOfTime as late:
            error = str(late)
        if not error:
            if name != live:
                generations.swap(name)
            return 0
        print(f"NGINX does not take {name}: {error}", file=sys.stderr)
    print(f"there is no generation to start with: {result}: {run.run['findings']}", file=sys.stderr)
    return 1
