"""What NGINX does not say of itself and the kernel does. Its own page for connections (stub_status) is not in every build."""

from __future__ import annotations

import os
import signal
from typing import Mapping

from .nginx import Nginx

_ESTABLISHED = "01"


def reopen_logs(nginx: Nginx) -> bool:
    """Whether there was an NGINX to tell."""
    master = nginx.master()
    if master is None:
        return False
    try:
        os.kill(master, signal.SIGUSR1)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def connections(listeners: Mapping[int, str]) -> dict[str, int]:
    """Clients' open connections, by the name of the port that took them."""
    found = dict.fromkeys(listeners.values(), 0)
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/self/net/{table}") as lines:
                next(lines)
                for line in lines:
                    _, local, _, state, _ = line.split(None, 4)
                    name = listeners.get(int(local.rpartition(":")[2], 16)) if state == _ESTABLISHED else None
                    if name is not None:
                        found[name] += 1
        except OSError:
            continue
    return found
