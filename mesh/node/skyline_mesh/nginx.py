"""This node's NGINX: tests a configuration, reloads, and tells which generation serves."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from .deadline import Deadline, OutOfTime
from .node import Node

TEST_SECONDS = 20.0
CONFIRM_SECONDS = 10.0
#: What a reload takes at most, with the way back: two confirmations and their last answers. With TEST_SECONDS it is less
#: than a run has, so that a run which has not waited for the lock gets to know what NGINX has against a configuration.
INSTALL_SECONDS = 26.0
#: Answers in a row, each over a connection of its own, that make a generation confirmed.
CONFIRMATIONS = 3


class Nginx:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.pid_file = node.paths.run / "nginx.pid"

    def test(self, configuration: Path, deadline: Deadline) -> str:
        """What NGINX has against a configuration; nothing when it takes it. Raises OutOfTime when it could not say.

        The test listens, too. While no NGINX runs, the ports would be open for a moment, and who sends a request in it loses
        it: the test then listens elsewhere.
        """
        if self.master() is not None:
            return self._test(configuration, deadline)
        sockets: list[Path] = []

        def elsewhere(found: re.Match[str]) -> str:
            sockets.append(self.node.paths.run / f"test-{len(sockets)}.sock")
            return f"{found[1]}unix:{sockets[-1]}"

        aside = configuration.with_name("nginx.test.conf")
        try:
            aside.write_text(re.sub(r"(?m)^(\s*listen\s+)[^\s;]+", elsewhere, configuration.read_text()))
            return self._test(aside, deadline)
        except OSError as error:
            return str(error)
        finally:
            for file in (aside, *sockets):
                file.unlink(missing_ok=True)

    def _test(self, configuration: Path, deadline: Deadline) -> str:
        command = [self.node.nginx, "-t", "-q", "-e", "stderr", "-p", str(self.node.paths.run), "-c", str(configuration)]
        seconds = min(TEST_SECONDS, deadline.left)
        try:
            done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired as error:
            if seconds < TEST_SECONDS:
                raise OutOfTime(f"nginx -t has not ended within the {seconds:.1f} s that this run had for it") from error
            return str(error)
        except OSError as error:
            return str(error)
        if done.returncode == 0:
            return ""
        said = done.stderr.decode(errors="replace").strip()
        return said[-2000:] or f"nginx -t ended with {done.returncode}"

    def master(self) -> int | None:
        """The master's process id, while one runs. The file may be of a process of long ago."""
        try:
            pid = int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if _command(pid).startswith("nginx: master process") else None

    def workers(self, master: int) -> tuple[set[int], set[int]]:
        """Workers that accept, and those that only end what they have."""
        accepting: set[int] = set()
        ending: set[int] = set()
        try:
            children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        except OSError:
            return accepting, ending
        for child in map(int, children):
            command = _command(child)
            if command.startswith("nginx: worker process"):
                (ending if "shutting down" in command else accepting).add(child)
        return accepting, ending

    def old_generations(self, master: int) -> float:
        """How many generations' workers end their last requests."""
        accepting, ending = self.workers(master)
        return len(ending) / max(1, len(accepting))

    def reload(self, master: int) -> None:
        os.kill(master, signal.SIGHUP)

    def generation(self) -> str | None:
        """What a new connection is answered."""
        try:
            with socket.create_connection(self.node.health, timeout=1.0) as connection:
                connection.settimeout(2.0)
                connection.sendall(b"GET /_skyline/generation HTTP/1.0\r\nHost: localhost\r\n\r\n")
                answer = b""
                while len(answer) < 4096 and (part := connection.recv(4096)):
                    answer += part
        except OSError:
            return None
        found = re.match(rb"HTTP/1\.[01] 200 .*?\r\n\r\n([0-9a-f]{12})\s*\Z", answer, re.DOTALL)
        return found[1].decode() if found else None

    def confirm(self, name: str, before: set[int]) -> bool:
        """Waits until only this generation answers: no worker of those before a reload accepts, and new ones serve it."""
        deadline = Deadline.after(CONFIRM_SECONDS)
        in_a_row = 0
        while deadline.left:
            master = self.master()
            if master is None:
                return False
            accepting, _ = self.workers(master)
            served = self.generation() == name and not accepting & before
            in_a_row = in_a_row + 1 if served else 0
            if in_a_row >= CONFIRMATIONS:
                return True
            if not served:
                time.sleep(0.02)
        return False


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
