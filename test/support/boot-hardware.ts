import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Disk, Instance } from "./boot-types";

const run = async (command: string, ...args: string[]) =>
  (await promisify(execFile)(command, args)).stdout.trim();

/** Runs in a machine's mount namespace, with programs of the machine. */
const inMachine = (pid: number, script: string) =>
  run("nsenter", `--target=${pid}`, "--mount", "--root", "--wdns=/", "--", "sh", "-ec", script);

/**
 * What EC2 does when a volume is attached: the disk appears in the machine under the name that udev gives an NVMe
 * device of EBS. The disk is a loop device, so that file systems on it are real.
 */
export async function plugDisk(instance: Instance, disk: Disk): Promise<void> {
  const device = await run("losetup", "--find", "--show", disk.file);
  const minor = await run("stat", "--format=%Lr", device);
  const serial = disk.volume.replace("-", "");
  const name = `nvme${minor}n1`;
  await inMachine(
    instance.pid,
    `mkdir -p /dev/disk/by-id
     test -b /dev/${name} || mknod /dev/${name} b 7 ${minor}
     ln -sf ../../${name} /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${serial}`,
  );
}

/** The loop device goes away with its last user from now on: with the machine that has it mounted. */
export async function releaseDisk(disk: Disk): Promise<void> {
  const devices = await run("losetup", "--noheadings", "--output=NAME", `--associated=${disk.file}`);
  for (const device of devices.split(/\s+/).filter(Boolean)) await run("losetup", "--detach", device);
}

/**
 * What EC2 does when an interface is attached: a second network device appears in the machine, with the interface's MAC
 * address and no address of IP. Runs in the network namespace of the bridge.
 */
export async function plugInterface(instance: Instance, mac: string): Promise<void> {
  const link = linkOf(mac);
  // The machine that had it may still be there: an interface is in one place.
  await run("ip", "link", "delete", link).catch(() => undefined);
  const peer = ["peer", "name", "eth1", "address", mac, "netns", String(instance.pid)];
  await run("ip", "link", "add", link, "type", "veth", ...peer);
  await run("ip", "link", "set", link, "master", "bridge", "up");
}

/** Name of the bridge's side of an interface: at most 15 characters. */
export const linkOf = (mac: string) => `v${mac.replaceAll(":", "")}`;

/** Pulls the machine's cables, as when the host under it fails: nobody is told that connections are gone. */
export async function unplug(macs: readonly string[]): Promise<void> {
  for (const mac of macs) await run("ip", "link", "delete", linkOf(mac)).catch(() => undefined);
}
