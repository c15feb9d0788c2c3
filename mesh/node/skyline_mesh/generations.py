"""Generations of the configuration on disk: a folder each, and the link `live` to the one that NGINX is to run.

A folder is complete before it gets its name, and the link moves in one step: whenever this is interrupted, `live` is a
whole generation that NGINX has tested.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from .disk import point, sync_folder, write_atomically, write_durably
from .model import Model

KEPT = 5
MODEL = "model.json"
#: Tells NGINX the generation's own name, which cannot be part of what the name is made of.
NAME_FILE = "generation.conf"


def name_of(files: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        for part in (name.encode(), text.encode()):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()[:12]


def _name_file(name: str) -> str:
    return f'map "" $skyline_generation {{ default "{name}"; }}\n'


class Generations:
    def __init__(self, state: Path) -> None:
        self.folder = state / "generations"
        self.live_link = state / "live"
        self.staged = self.folder / ".staged"
        self.refused = state / "refused"

    def live(self) -> str | None:
        """The name of the live one, if it is there."""
        try:
            name = os.path.basename(os.readlink(self.live_link))
        except OSError:
            return None
        return name if (self.folder / name / "nginx.conf").is_file() else None

    def live_model(self) -> Model:
        """What the live one was made of. Without a readable one nothing is known, and nothing is held."""
        return self._model(self.live_link)

    def model(self, name: str | None) -> Model:
        """What one was made of; of one that is not there nothing is known."""
        return self._model(self.folder / name) if name else Model()

    @staticmethod
    def _model(folder: Path) -> Model:
        try:
            return Model.from_json((folder / MODEL).read_text())
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return Model()

    def sound(self, name: str) -> bool:
        """Whether its files are those that it is named after."""
        try:
            files = {entry.name: Path(entry.path).read_text() for entry in os.scandir(self.folder / name)}
        except (OSError, ValueError):
            return False
        own, model = files.pop(NAME_FILE, ""), files.pop(MODEL, "")
        return own == _name_file(name) and model != "" and name_of(files) == name

    def stage(self, name: str, files: Mapping[str, str], model: Model) -> Path:
        """Writes a generation that is not one yet."""
        shutil.rmtree(self.staged, ignore_errors=True)
        self.staged.mkdir(parents=True)
        for file, text in {**files, NAME_FILE: _name_file(name), MODEL: model.to_json()}.items():
            write_durably(self.staged / file, text.encode())
        sync_folder(self.staged)
        return self.staged

    def keep(self, name: str) -> None:
        """The staged one becomes a generation, unless there is a sound one of the same content."""
        folder = self.folder / name
        if self.sound(name):
            shutil.rmtree(self.staged)
            return
        if folder.exists():
            old = self.folder / f".old-{name}"
            shutil.rmtree(old, ignore_errors=True)
            os.rename(folder, old)
        os.rename(self.staged, folder)
        sync_folder(self.folder)

    def refuse(self) -> None:
        """The staged one is put aside, for people to look at."""
        shutil.rmtree(self.refused, ignore_errors=True)
        os.rename(self.staged, self.refused)

    def swap(self, name: str) -> None:
        os.utime(self.folder / name)
        point(self.live_link, f"generations/{name}")

    def update_model(self, name: str, model: Model) -> None:
        """Generations of the same files can be of different models: a gateway's files do not tell the instances' ports."""
        path = self.folder / name / MODEL
        text = model.to_json()
        try:
            if path.read_text() == text:
                return
        except OSError:
            pass
        write_atomically(path, text)

    def newest(self) -> list[str]:
        """Names, the one that was live last first."""
        found = [entry for entry in os.scandir(self.folder) if not entry.name.startswith(".")]
        return [entry.name for entry in sorted(found, key=lambda entry: entry.stat().st_mtime, reverse=True)]

    def prune(self, needed: str | None) -> None:
        """Deletes all but the newest, the live one and the one that is still needed."""
        keep = {*self.newest()[:KEPT], self.live(), needed}
        for entry in list(os.scandir(self.folder)):
            if entry.name not in keep:
                shutil.rmtree(entry.path, ignore_errors=True)
