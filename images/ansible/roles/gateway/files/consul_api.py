"""The API of this node's Consul agent, for the scripts beside this file."""

import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path

DIRECTORY = Path(os.environ.get("CONSUL_DIRECTORY", "/etc/consul.d"))
ADDRESS = os.environ.get("CONSUL_HTTP_ADDR", "http://127.0.0.1:8500")


class Refused(Exception):
    """Consul's answer was an error."""

    def __init__(self, method, path, status, text):
        super().__init__(f"{method} {path}: {status} {text}")
        self.status = status
        self.text = text


def secret(name):
    return (DIRECTORY / "pki" / name).read_text().strip()


def call(method, path, body=None, token=None):
    """The answer to a request, with the management token unless there is another. Raises Refused."""
    request = urllib.request.Request(
        ADDRESS + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-Consul-Token": token or secret("management.token")},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace").strip()
        # Health is told in the body of a 429.
        if error.code == 429 and text.startswith("{"):
            return json.loads(text)
        raise Refused(method, path, error.code, text) from None


def wait_for(what, seconds, attempt):
    """Calls until the answer is true, and gives it. Exits with the last reason at the deadline."""
    deadline = time.monotonic() + seconds
    reason = "not yet"
    while time.monotonic() < deadline:
        try:
            answer = attempt()
            if answer:
                return answer
            reason = "not yet"
        except (Refused, OSError) as error:
            reason = str(error)
        time.sleep(1)
    raise SystemExit(f"gave up after {seconds} s of waiting for {what}: {reason}")
