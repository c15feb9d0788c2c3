# What the scripts of all nodes share. Sourced, never run.
# shellcheck shell=bash

# Units get these variables from systemd; people who run a script by hand get them here. What is set already wins.
load_node_environment() {
  local given
  given=$(export -p)
  set -a
  # shellcheck disable=SC1091
  . /etc/skyline/node.env
  set +a
  eval "$given"
}
load_node_environment
unset -f load_node_environment

export AWS_PAGER="" AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=5

IMDS=http://169.254.169.254

log() {
  echo "skyline: $*" >&2
}

# The AWS CLI of Debian 12 does not know the variable AWS_ENDPOINT_URL.
aws_call() {
  if [ -n "${AWS_ENDPOINT_URL:-}" ]; then
    aws --endpoint-url "$AWS_ENDPOINT_URL" --cli-connect-timeout 5 --cli-read-timeout 30 "$@"
  else
    aws --cli-connect-timeout 5 --cli-read-timeout 30 "$@"
  fi
}

# imds PATH: what the instance's metadata say; fails when they say nothing. By IMDSv2 alone.
imds() {
  local token
  token=$(curl -fsS --max-time 5 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" "$IMDS/latest/api/token") || return 1
  curl -fsS --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$IMDS/latest/meta-data/$1"
}

# persist COMMAND…: until it works. A node whose neighbour in the plan comes later has nothing better to do than wait,
# and a unit that failed would fail all that wait for it, for good.
persist() {
  local attempt=0
  until "$@"; do
    attempt=$((attempt + 1))
    log "attempt $attempt of $1 failed, next one in 5 s"
    sleep 5
  done
}
