"""Writing so that a reader, and whoever comes after a crash, finds the old or the new and nothing between."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Replaces a file by way of one beside it.

    That one always has the same name, so that what a killed write leaves is written over by the next and does not add up.
    Whoever writes holds a lock.
    """
    fresh = path.with_name(f".{path.name}.fresh")
    try:
        write_durably(fresh, text.encode(), mode)
        os.replace(fresh, path)
    except OSError:
        # A full disk needs its space.
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_durably(path: Path, data: bytes, mode: int = 0o644) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def point(link: Path, target: str) -> None:
    """Makes a symbolic link point elsewhere, in one step."""
    fresh = link.with_name(f".{link.name}.fresh")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    os.replace(fresh, link)
    sync_folder(link.parent)


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
