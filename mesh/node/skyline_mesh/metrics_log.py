"""Follows NGINX's log `counts` and keeps it small, without losing a line or reading one twice.

A log that has grown is renamed to `counts.<number>.log` and NGINX told to open a new one (USR1), on which its workers,
those that are shutting down as well, first write out what they hold. The old one is read on until nobody has it open for
writing any more, and deleted after what was read of it has been saved. A kill at any point leaves the saved positions and
files that hold all that comes after them.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator

NAME = "counts.log"
ROTATE_BYTES = 16 << 20
#: Renamed logs that wait for their writers or for a state that can be saved: then the log in use grows instead.
RETIRED_AT_MOST = 4
CHUNK_BYTES = 1 << 20
SECONDS_BETWEEN_SIGNALS = 10.0
IDLE_SECONDS = 60

#: Not as logrotate names them: what has such a name is ours to delete.
_retired = re.compile(r"counts\.([1-9][0-9]{0,11})\.log")
log = logging.getLogger("skyline-metrics")


@dataclass
class Source:
    """An open log. Known by its inode, which a rename leaves and which is free again only after a deletion."""

    descriptor: int
    inode: int
    offset: int
    #: Of its name, when it was renamed by us; 0 of the one in use, and of one that somebody else moved away.
    number: int
    finished: bool = False

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def deleted(self) -> bool:
        return os.fstat(self.descriptor).st_nlink == 0

    def written(self) -> bool:
        """Whether somebody has it open for writing: a read lease is given only when nobody has."""
        try:
            fcntl.fcntl(self.descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(self.descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            return False
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return True
            # A file system without leases. NGINX writes what it holds each second.
            return time.time() - os.fstat(self.descriptor).st_mtime < IDLE_SECONDS


class CountsLog:
    def __init__(self, folder: Path, reopen: Callable[[], bool], saved: dict[str, Any] | None = None) -> None:
        """`reopen` sends NGINX the signal, and says whether there was one to send it to."""
        # A lease that is broken while we hold it would otherwise end this process.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        self._folder = folder
        self._reopen = reopen
        self._signalled = float("-inf")
        self._sources: dict[int, Source] = {}
        saved = saved or {}
        #: Numbers up to this one are read and saved; files with them are only left to be deleted.
        self._done: int = int(saved.get("done", 0))
        self._offsets: dict[int, int] = {int(inode): int(at) for inode, at in saved.get("offsets", {}).items()}

    def chunks(self) -> Iterator[list[bytes]]:
        """Whole lines that have come since, without their ends."""
        self._discover()
        for source in sorted(self._sources.values(), key=lambda source: source.number or float("inf")):
            retired = source.inode != self._inode_in_use()
            # Asked before the last read: what comes in between is read by the next call.
            finished = retired and not source.written()
            yield from self._read(source)
            source.finished = finished
            if finished and source.deleted():
                # Nobody can read it again, saved or not, and held open it would keep its room on the disk.
                self._let_go(source)

    def positions(self) -> dict[str, Any]:
        """What `saved` of a later process is to be, together with what was counted."""
        sources = self._sources.values()
        waiting = [source.number for source in sources if source.number and not source.finished]
        done = min(waiting) - 1 if waiting else max([self._done, *(source.number for source in sources)])
        kept = [source for source in sources if not source.finished or source.number > done]
        return {"done": done, "offsets": {str(source.inode): source.offset for source in kept}}

    def saved(self, positions: dict[str, Any], now: float) -> None:
        """To be called when `positions` are safe: lets go of what has been read, and renames a log that has grown."""
        self._done = positions["done"]
        for source in [source for source in self._sources.values() if source.finished]:
            if source.number <= self._done:
                if source.number:
                    self._folder.joinpath(_retired_name(source.number)).unlink(missing_ok=True)
                self._let_go(source)
        self._rotate(now)

    def _let_go(self, source: Source) -> None:
        os.close(source.descriptor)
        del self._sources[source.inode]

    def backlog(self) -> int:
        return sum(max(0, source.size - source.offset) for source in self._sources.values())

    def _rotate(self, now: float) -> None:
        in_use = self._sources.get(self._inode_in_use() or 0)
        retired = [source for source in self._sources.values() if source is not in_use]
        if in_use is not None and in_use.size >= ROTATE_BYTES and len(retired) < RETIRED_AT_MOST:
            number = max([self._done, *(source.number for source in self._sources.values())]) + 1
            self._folder.joinpath(NAME).rename(self._folder / _retired_name(number))
            in_use.number = number
            self._signal(now)
        elif now - self._signalled > SECONDS_BETWEEN_SIGNALS and any(source.written() for source in retired):
            log.warning("NGINX still writes to a log that was renamed: it is told again to open a new one")
            self._signal(now)

    def _signal(self, now: float) -> None:
        self._signalled = now
        if not self._reopen():
            log.warning("there is no NGINX to open a new log")

    def _discover(self) -> None:
        for entry in sorted(os.listdir(self._folder)):
            match = _retired.fullmatch(entry)
            if match is None and entry != NAME:
                continue
            number = int(match[1]) if match else 0
            path = self._folder / entry
            if match and number <= self._done:
                path.unlink(missing_ok=True)
                continue
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except OSError:
                # Renamed in between, or no file of ours.
                continue
            inode = os.fstat(descriptor).st_ino
            if inode in self._sources:
                os.close(descriptor)
                self._sources[inode].number = number or self._sources[inode].number
            else:
                self._sources[inode] = Source(descriptor, inode, self._offsets.get(inode, 0), number)
        # Of the start alone: another file may get the inode of one that is gone.
        self._offsets.clear()

    def _inode_in_use(self) -> int | None:
        try:
            return os.stat(self._folder / NAME).st_ino
        except FileNotFoundError:
            return None

    def _read(self, source: Source) -> Iterator[list[bytes]]:
        if source.size < source.offset:
            log.warning("a log was cut from at least %d to %d bytes", source.offset, source.size)
            source.offset = 0
        while data := os.pread(source.descriptor, CHUNK_BYTES, source.offset):
            end = data.rfind(b"\n") + 1
            if end == 0:
                if len(data) == CHUNK_BYTES:
                    source.offset += CHUNK_BYTES
                    continue
                return
            source.offset += end
            yield data[: end - 1].split(b"\n")


def _retired_name(number: int) -> str:
    return f"counts.{number}.log"
