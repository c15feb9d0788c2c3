/** The Consul agent that stock images get; `images/` puts the same into own ones. */
export const CONSUL_VERSION = "1.20.6";

const CONFIGURATION = "/etc/consul.d/skyline.json";

// Scripts use no ${…}: Terraform reads that as its own.
const writeAndStart = (agent: string) => `install -d -m 0750 /etc/consul.d
cat > ${CONFIGURATION} <<'CONSUL'
${agent}CONSUL
chown -R consul:consul /etc/consul.d
chmod 0640 ${CONFIGURATION}
consul validate /etc/consul.d/
systemctl enable consul.service
systemctl restart consul.service
`;

/** For an image with the agent in it: write its configuration and start it. */
export const startConsul = (agent: string) => `#!/bin/bash
set -euo pipefail
${writeAndStart(agent)}`;

/**
 * For the stock image: install the agent from HashiCorp's package repository first, by version, with the signature
 * checked. A node that cannot reach the repository joins Kubernetes all the same, and gets no traffic from the mesh.
 */
export const installConsul = (agent: string) => `#!/bin/bash
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
${writeAndStart(agent)}`;
