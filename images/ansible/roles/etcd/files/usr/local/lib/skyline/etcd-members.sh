# What the scripts of etcd members share. Sourced, never run.
# shellcheck shell=bash disable=SC2034

# The key of the one member that may be away. Kubernetes keeps all of its own below /registry.
readonly LOCK=/skyline/leaving
readonly MEMBER=${SKYLINE_MEMBER:?}

# As the unit has them, for people who run a script by hand.
set -a
# shellcheck disable=SC1091
. /etc/etcd/etcdctl.env
set +a

lock_holder() {
  etcdctl get --print-value-only "$LOCK"
}

others_healthy() {
  ETCDCTL_ENDPOINTS=${SKYLINE_OTHER_ENDPOINTS:?} etcdctl endpoint health >&2
}

all_healthy() {
  etcdctl endpoint health >&2
}
