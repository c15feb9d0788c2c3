#!/usr/bin/python
"""Installs what artefacts.yaml lists for a role, each download checked against its SHA-256 before it is used."""

import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile

from ansible.module_utils.basic import AnsibleModule

# Which artefacts an image has, with their checksums and those of the files that came from them.
RECEIPTS = "/usr/local/share/skyline/artefacts.json"


class ArtefactError(Exception):
    """Says by itself what is wrong and what to do."""


def main():
    module = AnsibleModule(
        argument_spec={
            "artefacts": {"type": "dict", "required": True},
            "checksums": {"type": "dict", "required": True},
            "role": {"type": "str", "required": True},
            "architecture": {"type": "str", "required": True, "choices": ["amd64", "arm64"]},
            "base_url": {"type": "str", "default": ""},
        },
    )
    options = module.params
    try:
        wanted = [
            Artefact(name, entry, options)
            for name, entry in options["artefacts"].items()
            if any(options["role"] in file["roles"] for file in entry["files"])
        ]
        receipts = read_receipts()
        stale = [artefact for artefact in wanted if not artefact.is_installed(receipts)]
        for artefact in stale:
            receipts[artefact.name] = artefact.install()
            write_receipts(receipts)
    except ArtefactError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(stale), installed=[f"{artefact.name} {artefact.version}" for artefact in stale])


class Artefact:
    def __init__(self, name, entry, options):
        self.name = name
        self.version = str(entry["version"])
        self.architecture = options["architecture"]
        self.files = [
            {
                "from": self.fill(file["from"]) if "from" in file else None,
                "to": file["to"],
                "mode": int(file.get("mode", "0755"), 8),
            }
            for file in entry["files"]
            if options["role"] in file["roles"]
        ]
        self.url = self.address(entry, options["base_url"].rstrip("/"))
        key = f"{name}/{self.version}/{self.architecture}"
        # A build must never go on without a checksum, so that there is no way to leave one out.
        self.checksum = options["checksums"].get(key) or ""
        if not re.fullmatch("[0-9a-f]{64}", self.checksum):
            raise ArtefactError(f"artefacts.lock.yaml has no SHA-256 of {key}; docs/images.md says how to add it")

    def fill(self, text):
        return text.replace("{version}", self.version).replace("{arch}", self.architecture)

    def address(self, entry, base):
        if "url" in entry:
            upstream = self.fill(entry["url"])
            return f"{base}/{upstream.split('://', 1)[1]}" if base else upstream
        if not base:
            raise ArtefactError(
                f"upstream publishes no {self.name}: build it, serve it from your own base URL and set"
                " artefacts_base_url; docs/images.md says how"
            )
        return f"{base}/{self.name}/{self.version}/{self.architecture}/{self.name}"

    def is_installed(self, receipts):
        receipt = receipts.get(self.name, {})
        if receipt.get("sha256") != self.checksum or set(receipt["files"]) != {file["to"] for file in self.files}:
            return False
        return all(
            os.path.isfile(file["to"])
            and os.stat(file["to"]).st_mode & 0o7777 == file["mode"]
            and checksum_of(file["to"]) == receipt["files"][file["to"]]
            for file in self.files
        )

    def install(self):
        with tempfile.TemporaryDirectory(prefix="artefact-") as folder:
            download = os.path.join(folder, "download")
            self.fetch(download)
            for file in self.files:
                self.put(download, file)
        return {
            "version": self.version,
            "url": self.url,
            "sha256": self.checksum,
            "files": {file["to"]: checksum_of(file["to"]) for file in self.files},
        }

    def fetch(self, path):
        try:
            with urllib.request.urlopen(self.url, timeout=60) as answer, open(path, "wb") as out:
                shutil.copyfileobj(answer, out, 1 << 20)
        except (urllib.error.URLError, OSError) as error:
            raise ArtefactError(f"could not download {self.url}: {error}")
        actual = checksum_of(path)
        if actual != self.checksum:
            raise ArtefactError(
                f"{self.url} has the SHA-256 {actual}, where artefacts.lock.yaml says {self.checksum}: nothing of it"
                " was installed"
            )

    def put(self, download, file):
        """Writes beside the file's place, so that the rename puts the whole file there or none."""
        os.makedirs(os.path.dirname(file["to"]), mode=0o755, exist_ok=True)
        draft = f"{file['to']}.new"
        with self.content(download, file["from"]) as source, open(draft, "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        os.chmod(draft, file["mode"])
        os.chown(draft, 0, 0)
        os.rename(draft, file["to"])

    def content(self, download, member):
        if member is None:
            return open(download, "rb")
        try:
            if self.url.endswith(".zip"):
                return zipfile.ZipFile(download).open(member)
            archive = tarfile.open(download)
            names = {name.removeprefix("./"): name for name in archive.getnames()}
            return archive.extractfile(names[member])
        except (KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise ArtefactError(f"{self.url}: there is no {member} in it ({error})")


def checksum_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def read_receipts():
    try:
        with open(RECEIPTS, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def write_receipts(receipts):
    os.makedirs(os.path.dirname(RECEIPTS), mode=0o755, exist_ok=True)
    with open(f"{RECEIPTS}.new", "w", encoding="utf-8") as file:
        json.dump(receipts, file, indent=2, sort_keys=True)
        file.write("\n")
    os.chmod(f"{RECEIPTS}.new", 0o644)
    os.rename(f"{RECEIPTS}.new", RECEIPTS)


if __name__ == "__main__":
    main()
