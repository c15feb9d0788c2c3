"""Names that the mesh knows."""

import re

SERVICE_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
CLUSTER_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,18}[a-z0-9])?")
#: In NGINX' variables a hyphen of a header is an underscore, and headers with underscores do not count; a cookie's name can
#: have no hyphen there.
HEADER_NAME = re.compile(r"(?=.{1,64}\Z)[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
COOKIE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
#: Of a node in Consul.
NODE_NAME = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._]{0,254}")

#: Under which the Kubernetes workers are in Consul.
WORKERS = "kubernetes-worker"
#: Names in Consul of what is part of the mesh, which no service of Mesos can have.
RESERVED = frozenset({WORKERS, "skyline-gateway"})


def map_key(name: str) -> str:
    """A name as a key of a map of NGINX, where some words mean something else."""
    return f"\\{name}" if name in ("default", "hostnames", "include", "volatile") else name
