#!/usr/bin/env bash
# The last step of a build: what belongs to the builder and to no node. Each node makes its own at its first boot.
set -euo pipefail
# Its registration is the builder's.
systemctl stop amazon-ssm-agent.service || true
rm -rf /var/lib/amazon/ssm
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/skyline /tmp/.ansible /root/.ansible
rm -f /etc/ssh/ssh_host_* /root/.ssh/authorized_keys
find /var/log -type f -delete
cloud-init clean --logs
# Empty and not gone: systemd makes one on the first boot of a file that is there.
truncate --size 0 /etc/machine-id
rm -f /var/lib/dbus/machine-id
# The user that Packer logged in as, who may become root without a password. By force: this runs in its session.
if getent passwd admin >/dev/null; then
  userdel --force --remove admin
fi
rm -f /etc/sudoers.d/90-cloud-init-users "$0"
sync
