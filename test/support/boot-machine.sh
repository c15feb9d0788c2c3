#!/bin/sh
# A machine: systemd as the first process of its own namespaces, over a copy-on-write layer of an image's root.
# Run by boot-machine.ts. Stage one has the network of its own and the processes of outside; stage two has all of its own.
set -eu
stage=$1 folder=$2

if [ "$stage" = network ]; then
  hub=$3 link=$4 mac=$5 address=$6 gateway=$7 name=$8 group=$9
  # Files in the folder outlive the machine, mounts do not: they are in this process's mount namespace.
  nsenter --net="/proc/$hub/ns/net" -- ip link add "$link" type veth peer name eth0 address "$mac" netns $$
  nsenter --net="/proc/$hub/ns/net" -- ip link set "$link" master bridge up
  # An address is where its interface is, as a VPC has it: no other interface answers for it.
  echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore
  echo 2 >/proc/sys/net/ipv4/conf/all/arp_announce
  ip link set lo up
  ip address add "$address" dev eth0
  ip link set eth0 up
  ip route add default via "$gateway"
  hostname "$name"
  # A control group of its own, with no controller: for systemd to keep its processes in.
  mkdir -p "$folder/groups"
  mount -t cgroup2 none "$folder/groups"
  mkdir -p "$folder/groups/$group"
  echo $$ >"$folder/groups/$group/cgroup.procs"
  exec unshare --cgroup --pid --mount --fork --kill-child -- "$0" boot "$folder"
fi

root="$folder/root"
cd "$root"
mount --make-rprivate /
mount -t proc -o nosuid,nodev,noexec proc proc
# What is the kernel's and not this network's must not be changed from here.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw proc/sys/net
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid tmpfs dev
for device in null zero full random urandom tty; do
  cp -a "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mkdir run/outside
pivot_root . run/outside
umount -l /run/outside
rmdir /run/outside
# Without these, units that would set the clock or load modules are skipped by their own conditions.
exec env -i container=skyline-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  setpriv --bounding-set=-sys_time,-sys_module,-sys_boot,-syslog /lib/systemd/systemd --log-target=journal
