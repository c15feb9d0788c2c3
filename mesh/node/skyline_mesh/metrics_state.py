"""Keeps what was counted in two files that are written in turn, each in place and in room that it has from the start.

A log is let go of only when its counts are saved. Were a new file written for that, a disk that the log has filled would
stay full for ever. What is cut short in one file by a crash leaves the other, which is the save before.
"""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path

from .disk import sync_folder

NAMES = ("metrics.0.json", "metrics.1.json")
_MAGIC = b"skyline-metrics"
#: Room of a file; more when what is in it has grown to half of it.
ROOM_BYTES = 1 << 20

log = logging.getLogger("skyline-metrics")


class SavedTwice:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def load(self) -> bytes | None:
        """The last that was saved whole; none when nothing was."""
        newest: bytes | None = None
        wrong: list[str] = []
        for name in NAMES:
            try:
                number, data = _read(self._folder / name)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                wrong.append(f"{name}: {error}")
                continue
            if number > self._number:
                self._number, newest = number, data
        if newest is None and wrong:
            log.warning("counting starts at zero: what was saved cannot be read: %s", "; ".join(wrong))
        self._make_room()
        return newest

    def save(self, data: bytes) -> None:
        """Raises OSError, and then what was saved before is still there."""
        number = self._number + 1
        head = b"%s %d %d %s\n" % (_MAGIC, number, len(data), hashlib.sha256(data).hexdigest().encode())
        whole = memoryview(head + data)
        descriptor = os.open(self._folder / NAMES[number % 2], os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            _have_room(descriptor, len(whole))
            at = 0
            while at < len(whole):
                at += os.pwrite(descriptor, whole[at:], at)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._number = number

    def _make_room(self) -> None:
        # Where it cannot be had now, each save asks for it again.
        with suppress(OSError):
            for name in NAMES:
                descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT, 0o644)
                try:
                    _have_room(descriptor, 0)
                finally:
                    os.close(descriptor)
            sync_folder(self._folder)


def _have_room(descriptor: int, needed: int) -> None:
    room = ROOM_BYTES
    while room < 2 * needed:
        room *= 2
    if os.fstat(descriptor).st_size < room:
        # Without it, what is there may still do.
        with suppress(OSError):
            os.posix_fallocate(descriptor, 0, room)


def _read(path: Path) -> tuple[int, bytes]:
    with open(path, "rb") as file:
        head = file.readline(256)
        if not head.strip(b"\0"):
            # Room, in which nothing was saved yet.
            return 0, b""
        magic, number, size, digest = head.split()
        if magic != _MAGIC:
            raise ValueError(f"it begins with {magic!r} and not {_MAGIC!r}")
        data = file.read(int(size))
    found = hashlib.sha256(data).hexdigest().encode()
    if found != digest:
        raise ValueError(f"its digest is {found!r}, and {digest!r} was written")
    return int(number), data
