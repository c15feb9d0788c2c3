"""Names that the mesh knows."""

import re

SERVICE_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
CLUSTER_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,18}[a-z0-9])?")
#: Of a node in Consul.
NODE_NAME = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._]{0,254}")

#: Consul's own name for the Kubernetes workers, which no service of Mesos can have.
WORKERS = "kubernetes-worker"
