#!/usr/bin/python
"""Installs many small text files at once: with a task a file, they would be most of a build's time."""

import os

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "path": {"type": "str", "required": True},
                    "content": {"type": "str", "required": True},
                    "mode": {"type": "str", "required": True},
                },
            },
        },
    )
    changed = [file["path"] for file in module.params["files"] if install(**file)]
    module.exit_json(changed=bool(changed), installed=changed)


def install(path, content, mode):
    """Whole or not at all, and root's. False when it was there already."""
    wanted = (content.encode(), int(mode, 8), 0, 0)
    if state(path) == wanted:
        return False
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    draft = f"{path}.new"
    with open(draft, "wb") as file:
        file.write(wanted[0])
    os.chmod(draft, wanted[1])
    os.chown(draft, 0, 0)
    os.rename(draft, path)
    return True


def state(path):
    if os.path.islink(path) or not os.path.isfile(path):
        return None
    status = os.stat(path)
    with open(path, "rb") as file:
        return file.read(), status.st_mode & 0o7777, status.st_uid, status.st_gid


if __name__ == "__main__":
    main()
