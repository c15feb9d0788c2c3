import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Files } from "../../operations/pki/contents";
import { initIn } from "../../operations/pki/init";
import { freePort } from "../../operations/ports";
import { binaryOf, goTool } from "../support/go-tool";
import { httpGet, ManagedProcess } from "../support/process";
import { environmentWith, MemoryStore } from "../unit/operations/pki/memory-store";

/** Three real members that trust nobody but by the certificates that `skyline pki init` makes. */

jest.setTimeout(120_000);

const store = new MemoryStore();
const members: ManagedProcess[] = [];
let folder: string;
let urls: string[];

beforeAll(async () => {
  await initIn(store, environmentWith());
  folder = mkdtempSync(join(tmpdir(), "skyline-pki-etcd-"));
  const ports = await Promise.all(
    [0, 1, 2].map(async () => ({ client: await freePort(), peer: await freePort() })),
  );
  urls = ports.map(({ client }) => `https://127.0.0.1:${client}`);
  const cluster = ports.map(({ peer }, index) => `etcd-${index}=https://127.0.0.1:${peer}`).join(",");
  const command = binaryOf(await goTool("etcd"), "etcd");
  for (const [index, { client, peer }] of ports.entries()) {
    const pki = join(folder, `etcd-${index}`);
    mkdirSync(pki);
    Object.entries(member(index)).forEach(([file, text]) =>
      writeFileSync(join(pki, file), text, { mode: 0o600 }),
    );
    members.push(
      await ManagedProcess.start({
        name: `etcd-${index}`,
        command,
        args: [
          `--name=etcd-${index}`,
          `--data-dir=${join(folder, `data-${index}`)}`,
          `--listen-client-urls=https://127.0.0.1:${client}`,
          `--advertise-client-urls=https://127.0.0.1:${client}`,
          `--listen-peer-urls=https://127.0.0.1:${peer}`,
          `--initial-advertise-peer-urls=https://127.0.0.1:${peer}`,
          `--initial-cluster=${cluster}`,
          "--client-cert-auth",
          `--trusted-ca-file=${join(pki, "etcd-ca.crt")}`,
          `--cert-file=${join(pki, "server.crt")}`,
          `--key-file=${join(pki, "server.key")}`,
          "--peer-client-cert-auth",
          `--peer-trusted-ca-file=${join(pki, "etcd-ca.crt")}`,
          `--peer-cert-file=${join(pki, "peer.crt")}`,
          `--peer-key-file=${join(pki, "peer.key")}`,
          "--unsafe-no-fsync",
        ],
        logFile: join(folder, `etcd-${index}.log`),
      }),
    );
  }
});

afterAll(async () => {
  await Promise.all(members.map((running) => running.stop()));
  await rm(folder, { recursive: true, force: true });
});

const member = (index: number) => store.files(`skyline/complete/alpha/etcd-${index}`);
const controllers = () => store.files("skyline/complete/alpha/controllers");
const health = (url: string, files: Files, name: string) =>
  httpGet(`${url}/health`, {
    ca: member(0)["etcd-ca.crt"],
    cert: files[`${name}.crt`],
    key: files[`${name}.key`],
  });

test("the members find each other, and answer a member's client and the API server's", async () => {
  await Promise.all(
    members.map((running, index) =>
      running.ready(async () =>
        expect(await health(urls[index] ?? "", member(index), "client")).toContain('"health":"true"'),
      ),
    ),
  );
  for (const url of urls) {
    expect(await health(url, controllers(), "etcd-client")).toContain('"health":"true"');
  }
});

test.each([
  ["a client without a certificate", "nobody"],
  ["a client of the Kubernetes authority", "scheduler"],
])("%s is turned away", async (_, name) => {
  await expect(health(urls[0] ?? "", controllers(), name)).rejects.toThrow(
    /alert|certificate|ECONNRESET|socket hang up/,
  );
});
