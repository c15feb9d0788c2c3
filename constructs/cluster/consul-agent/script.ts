import { secretNames } from "../../../environment/naming";
import {
  CONSUL_DIRECTORY,
  CONSUL_FILE,
  CONSUL_PKI,
  CONSUL_SECRETS_FILE,
  CONSUL_USER,
} from "../../../environment/mesh/consul-configuration";
import { renderConsulAgent, type ConsulAgentSettings } from "./agent";

/** The Consul agent that stock images get; `images/` puts the same into own ones. */
export const CONSUL_VERSION = "1.20.6";

/** Start of a worker's node name in Consul; the worker's token may write nodes of such a name alone. */
export const WORKER_NODE_PREFIX = "worker-";

/** What `fetch-secrets` is told of a worker's agent: `<secret>:<directory>:<owner>`. */
export const consulAgentSecret = (environment: string) =>
  `${secretNames.consulWorkers(environment)}:${CONSUL_PKI}:${CONSUL_USER}`;

// Scripts use no ${…}: Terraform reads that as its own.
const writeAgent = (agent: ConsulAgentSettings) => `install -d -m 0750 ${CONSUL_DIRECTORY}
cat > ${CONSUL_FILE} <<'CONSUL'
${renderConsulAgent(agent)}CONSUL
chown -R ${CONSUL_USER}:${CONSUL_USER} ${CONSUL_DIRECTORY}
chmod 0640 ${CONSUL_FILE}
`;

/** For an own image of an EKS worker: its units read the secret and start the agent. */
export const startConsul = (agent: ConsulAgentSettings) => `#!/bin/bash
set -euo pipefail
install -d -m 0755 /etc/skyline
cat > /etc/skyline/node.env <<'NODE'
AWS_REGION=${agent.region}
AWS_DEFAULT_REGION=${agent.region}
SKYLINE_ENVIRONMENT=${agent.environment}
SKYLINE_CLUSTER=${agent.clusterName}
SKYLINE_ROLE=worker
SKYLINE_SECRETS="${consulAgentSecret(agent.environment)}"
NODE
${writeAgent(agent)}systemctl enable consul.service
systemctl restart --no-block consul.service
`;

/**
 * For the stock image: install the agent from HashiCorp's package repository, by version, with the signature checked,
 * and do what an own image's units do. A node that cannot reach the repository or may not read the secret joins
 * Kubernetes all the same, and gets no traffic from the mesh.
 */
export const installConsul = (agent: ConsulAgentSettings) => `#!/bin/bash
set -euo pipefail
cat > /etc/yum.repos.d/hashicorp.repo <<'REPO'
[hashicorp]
name=HashiCorp
baseurl=https://rpm.releases.hashicorp.com/AmazonLinux/latest/$basearch/stable
enabled=0
gpgcheck=1
gpgkey=https://rpm.releases.hashicorp.com/gpg
REPO
for attempt in 1 2 3 4 5; do
  dnf install -y --enablerepo=hashicorp consul-${CONSUL_VERSION} && break
  if [ "$attempt" = 5 ]; then
    echo "skyline: consul ${CONSUL_VERSION} could not be installed; this node gets no traffic from the mesh" >&2
    exit 1
  fi
  sleep $((attempt * 5))
done
install -d -m 0700 ${CONSUL_PKI}
aws secretsmanager get-secret-value --region ${agent.region} --secret-id ${secretNames.consulWorkers(agent.environment)} \\
  --query SecretString --output text | python3 -c "$(cat <<'PYTHON'
${readSecret}PYTHON
)"
${writeAgent(agent)}chmod 0640 ${CONSUL_SECRETS_FILE}
consul validate ${CONSUL_DIRECTORY}/
systemctl enable consul.service
systemctl restart --no-block consul.service
`;

/** Python that makes of the secret what `consul-configure` makes of it on an own image. */
const readSecret = `import json, os, sys
os.umask(0o077)
secret = json.load(sys.stdin)
with open("${CONSUL_PKI}/ca.crt", "w") as file:
    file.write(secret["ca.crt"])
with open("/var/lib/cloud/data/instance-id") as file:
    node = "${WORKER_NODE_PREFIX}" + file.read().strip()
token = secret["agent.token"].strip()
settings = {
    "node_name": node,
    "encrypt": secret["gossip.key"].strip(),
    "acl": {"tokens": {"agent": token, "config_file_service_registration": token}},
}
with open("${CONSUL_SECRETS_FILE}", "w") as file:
    json.dump(settings, file, indent=2)
`;
