"""Lays out the files that are published in Consul for nodes of this role.

They are taken as a whole or not at all: a new tree beside the old, then one link moves. What is no longer published is not
in the new tree. A key is no path until it has been checked to be one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from . import report, values
from .catalogue import NotWhole, documents
from .disk import point, sync_folder, write_atomically, write_durably
from .node import Node

MAX_FILE = 64 * 1024
MAX_FILES = 1000
MAX_PATH = 512
MAX_SEGMENT = 255
#: Trees beside the current one, for people to look at.
KEPT = 3
#: Says what the whole tree is. More files than fit into one of Consul's transactions come in several, this one first.
MANIFEST = ".manifest.json"


class Refused(Exception):
    """The tree that cannot be taken, and why."""


def mirror(node: Node, now: float | None = None) -> bool:
    """Whether the tree is another than before. Says so in apply.log; raises OSError only when the disk fails."""
    try:
        data = (node.paths.state / "staging" / "files.jsonl").read_bytes()
    except FileNotFoundError:
        return False
    root = node.paths.state / "files"
    root.mkdir(parents=True, exist_ok=True)
    current = root / "current"
    at = time.time() if now is None else now
    try:
        files, removal, error = read(data, node, at)
        leave = _may_empty(files, removal, error, current, node, at)
        name = _name(files)
    except (NotWhole, Refused) as error:
        _say(node, root, {"result": "files-refused", "findings": [str(error)]})
        return False
    if current.is_symlink() and os.readlink(current) == f"trees/{name}" and _sound(current, files):
        return False
    _lay_out(root / "trees", name, files)
    point(current, f"trees/{name}")
    _prune(root / "trees", name)
    _say(node, root, {"result": "files-applied", "tree": name, "files": len(files), **leave})
    return True


def read(data: bytes, node: Node, now: float) -> tuple[dict[str, bytes], values.Removal | None, str]:
    """The files, the override, and why there is none. Raises NotWhole or Refused."""
    prefix = f"skyline/{node.environment}/files/{node.role}/"
    files: dict[str, bytes] = {}
    removal, error = None, ""
    for document in documents(data, node.environment, role=node.role):
        if "removal" in document:
            removal, error = values.removal(document["removal"], now)
            continue
        key, value = document.get("key"), document.get("value")
        if not isinstance(key, str) or not isinstance(value, str):
            raise Refused(f"{document!r:.200} is no file")
        path = path_of(key, prefix)
        if path in files:
            raise Refused(f"{path} is there twice")
        try:
            files[path] = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as wrong:
            raise Refused(f"{path} is no base64: {wrong}") from wrong
        if len(files[path]) > MAX_FILE:
            raise Refused(f"{path} has {len(files[path])} bytes, and at most {MAX_FILE} are taken")
    _check_whole(files, files.pop(MANIFEST, None))
    if len(files) > MAX_FILES:
        raise Refused(f"there are {len(files)} files, and at most {MAX_FILES} are taken")
    for path in files:
        for folder in _folders(path):
            if folder in files:
                raise Refused(f"{folder} is a file, and a folder of {path}")
    return files, removal, error


def _check_whole(files: dict[str, bytes], manifest: bytes | None) -> None:
    """Raises Refused for a tree that is being written. One without a manifest is taken as it is: somebody's own keys."""
    if manifest is None:
        return
    try:
        wanted = json.loads(manifest)["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{MANIFEST} is no manifest: {error!r}") from error
    found = _digest(files)
    if found != wanted:
        raise Refused(f"the published files are not whole: {len(files)} are there, of {found}, and not of {wanted}")


def path_of(key: str, prefix: str) -> str:
    """The path below the tree that a key names. Raises Refused when it names none, or one outside."""
    if not key.startswith(prefix):
        raise Refused(f"{key!r:.200} is not below {prefix}")
    path = key.removeprefix(prefix)
    for segment in path.split("/"):
        if segment in ("", ".", ".."):
            raise Refused(f"{path!r:.200} has the segment {segment!r}")
        if not segment.isprintable() or "\\" in segment:
            raise Refused(f"{path!r:.200} has a character that no name of a file has")
        if len(segment.encode(errors="replace")) > MAX_SEGMENT:
            raise Refused(f"{path!r:.200} has a segment of more than {MAX_SEGMENT} bytes")
    if len(path.encode(errors="replace")) > MAX_PATH:
        raise Refused(f"{path!r:.200} has more than {MAX_PATH} bytes")
    return path


def _folders(path: str) -> list[str]:
    segments = path.split("/")
    return ["/".join(segments[:count]) for count in range(1, len(segments))]


def _may_empty(
    files: dict[str, bytes], removal: values.Removal | None, error: str, current: Path, node: Node, now: float
) -> dict[str, Any]:
    """An empty answer can be one that lacks everything: only an override may empty a tree. Raises Refused."""
    if files or not current.is_dir() or not any(current.iterdir()):
        return {}
    if removal is None or not removal.allows(f"files/{node.role}", now):
        why = f"; the override is not taken: {error}" if error else ""
        raise Refused(f"all files are gone, which only an override for files/{node.role} allows{why}")
    return {"allowed": [f"files/{node.role}"], "override": {"by": removal.by, "why": removal.why}}


def _name(files: dict[str, bytes]) -> str:
    return _digest(files)[:12]


def _digest(files: dict[str, bytes]) -> str:
    """As `skyline mesh publish` computes it for the manifest."""
    digest = hashlib.sha256()
    for path, data in sorted(files.items()):
        for part in (path.encode(), data):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _sound(tree: Path, files: dict[str, bytes]) -> bool:
    """Whether the tree on disk holds these files and nothing else."""
    try:
        found = {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    except OSError:
        return False
    return found == files


def _lay_out(trees: Path, name: str, files: dict[str, bytes]) -> None:
    staged, tree = trees / ".staged", trees / name
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    for path, data in files.items():
        target = staged / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_durably(target, data)
    for folder in {staged, *(parent for path in files for parent in (staged / path).parents if staged in parent.parents)}:
        sync_folder(folder)
    if tree.exists():
        if _sound(tree, files):
            shutil.rmtree(staged)
            return
        shutil.rmtree(tree)
    os.rename(staged, tree)
    sync_folder(trees)


def _prune(trees: Path, current: str) -> None:
    found = sorted(trees.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in [path for path in found if path.name != current][KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _say(node: Node, root: Path, run: dict[str, Any]) -> None:
    """A line in the log, once for what comes again and again."""
    last = root / "last.json"
    text = json.dumps(run)
    try:
        if last.read_text() == text:
            return
    except OSError:
        pass
    write_atomically(last, text)
    report.log_line(node.paths.log, run)
