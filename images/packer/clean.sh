#!/usr/bin/env bash
# The last step of a build: what belongs to the builder and to no node. Each node makes its own at its first boot.
set -euo pipefail
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/skyline /tmp/.ansible /home/admin/.ansible /root/.ansible
rm -f /etc/ssh/ssh_host_* /root/.ssh/authorized_keys /home/admin/.ssh/authorized_keys
find /var/log -type f -delete
cloud-init clean --logs
# Empty and not gone: systemd makes one on the first boot of a file that is there.
truncate --size 0 /etc/machine-id
rm -f /var/lib/dbus/machine-id
sync
