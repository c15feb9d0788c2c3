import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Machine } from "../support/boot-machine";
import { imageRoot } from "../support/image-roots";
import { ManagedProcess, waitUntil } from "../support/process";

/** The units of an etcd member on a machine without AWS: what they run is stood in for, what systemd makes of them is not. */

const LIBRARY = "/usr/local/lib/skyline";
const ETCD = `#!/usr/bin/python3
import os, signal, socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
signal.pause()
`;
/** Fails at its first run. */
const failsOnce = (what: string, then: string) =>
  `#!/bin/sh\n[ -e /run/${what} ] || { touch /run/${what}; exit 1; }\n${then}\n`;
const MOUNT = "mount -t tmpfs -o uid=etcd tmpfs /var/lib/etcd";

let folder: string;
let hub: ManagedProcess;
let machine: Machine | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "skyline-etcd-"));
  hub = await ManagedProcess.start({
    name: "hub",
    command: "unshare",
    args: ["--net", "sh", "-c", "ip link add bridge type bridge && ip link set bridge up && exec sleep 600"],
    logFile: join(folder, "hub.log"),
  });
  await hub.ready(() =>
    promisify(execFile)("nsenter", ["-t", String(hub.pid), "--net", "ip", "link", "show", "bridge"]),
  );
}, 60_000);
afterAll(async () => {
  await machine?.kill();
  await hub?.stop(0);
  rmSync(folder, { recursive: true, force: true });
});

test(
  "etcd comes up after its volume and its interface failed once",
  async () => {
    machine = await Machine.start({
      name: "etcd",
      image: await imageRoot("etcd"),
      group: `skyline-etcd-start-${process.pid}`,
      folder,
      files: { "/etc/skyline/node.env": "SKYLINE_SECRETS=none\n", "/etc/etcd/etcdctl.env": "A=b\n" },
      programs: {
        [`${LIBRARY}/fetch-secrets`]: "#!/bin/sh\n",
        [`${LIBRARY}/attach-volume`]: failsOnce("volume", MOUNT),
        [`${LIBRARY}/attach-interface`]: failsOnce("interface", "sleep 1"),
        "/usr/local/bin/etcd": ETCD,
      },
      folders: {},
      hub: hub.pid,
      link: "one",
      mac: "02:00:00:00:00:01",
      address: "10.0.0.4",
      prefix: 24,
      gateway: "10.0.0.1",
    });
    const member = machine;
    await member.read("systemctl", "start", "--no-block", "skyline-etcd.target");
    await waitUntil("etcd runs", () => member.active("etcd.service"), { timeoutMs: 60_000 });
    for (const unit of ["skyline-volume.service", "skyline-interface.service"]) {
      await member.active(unit);
      expect(await member.read("systemctl", "show", "--property=NRestarts", "--value", unit)).toBe("1\n");
    }
  },
  15 * 60_000,
);
