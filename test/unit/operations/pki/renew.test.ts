import { X509Certificate } from "node:crypto";
import { initIn } from "../../../../operations/pki/init";
import { renewIn } from "../../../../operations/pki/renew";
import { statusIn } from "../../../../operations/pki/status";
import { environmentWith, MemoryStore } from "./memory-store";

jest.setTimeout(60_000);

const environment = environmentWith();
const now = new Date("2026-03-01T12:00:00Z");
const nextYear = new Date("2027-03-20T12:00:00Z");
const controllers = "skyline/complete/alpha/controllers";
const etcd = "skyline/complete/alpha/etcd-0";
const whole = new MemoryStore();
let store: MemoryStore;

beforeAll(() => initIn(whole, environment, { now }));
beforeEach(() => {
  store = whole.copy();
});

const renew = (options: Parameters<typeof renewIn>[2]) =>
  renewIn(store, environment, { now: nextYear, ...options });

test("one secret: new certificates with new keys from the authority that exists, and nothing else", async () => {
  const before = store.files(etcd);
  const { renewals } = await renew({ cluster: "alpha", secrets: ["etcd-0"] });
  expect(store.writes).toEqual([etcd]);
  const after = store.files(etcd);
  expect(after["etcd-ca.crt"]).toBe(before["etcd-ca.crt"]);
  for (const file of ["server.crt", "server.key", "peer.crt", "peer.key", "client.crt", "client.key"]) {
    expect(after[file]).not.toBe(before[file]);
  }
  expect(
    new X509Certificate(after["server.crt"] ?? "").verify(
      new X509Certificate(before["etcd-ca.crt"] ?? "").publicKey,
    ),
  ).toBe(true);
  expect(renewals).toEqual([
    {
      secret: etcd,
      action: "renewed",
      version: "version-1",
      certificates: ["server.crt", "peer.crt", "client.crt"].map((file) => ({
        file,
        expired: "2027-04-02T11:55:00.000Z",
        expires: "2028-04-20T11:55:00.000Z",
      })),
    },
  ]);
});

test("a cluster: all but its authorities; service account tokens stay valid", async () => {
  const before = store.files(controllers);
  await renew({ cluster: "alpha" });
  expect(store.writes).toEqual(
    [0, 1, 2].map((index) => `skyline/complete/alpha/etcd-${index}`).concat(controllers),
  );
  for (const file of ["service-account.key", "service-account.pub", "ca.crt", "ca.key"]) {
    expect(store.files(controllers)[file]).toBe(before[file]);
  }
  const { findings } = await statusIn(store, environment, nextYear);
  expect(new Set(findings.map(({ name }) => name))).toEqual(new Set(["skyline/complete/consul/servers"]));
});

test("Consul: the servers' certificate; keys and tokens stay, and so do secrets that hold no certificate", async () => {
  const before = store.files("skyline/complete/consul/servers");
  const { renewals } = await renew({});
  expect(store.writes).toEqual(["skyline/complete/consul/servers"]);
  expect(renewals.map(({ action }) => action)).toEqual(["renewed", ...Array<string>(4).fill("unchanged")]);
  const after = store.files("skyline/complete/consul/servers");
  const changed = Object.keys(after).filter((file) => after[file] !== before[file]);
  expect(changed).toEqual(["server.crt", "server.key"]);
});

test("puts right what status finds: names that changed, copies, missing files", async () => {
  const moved = environmentWith(["domain: complete.example.internal", "domain: new.example.internal"]);
  store.change(controllers, { "front-proxy-ca.crt": "stale", "scheduler.crt": undefined });
  await renewIn(store, moved, { cluster: "alpha", now });
  expect((await statusIn(store, moved, now)).findings).toEqual([]);
});

test("a dry run writes nothing, and tells what would be renewed", async () => {
  const { renewals } = await renew({ cluster: "alpha", dryRun: true });
  expect(store.writes).toEqual([]);
  expect(renewals.map(({ action, version }) => [action, version])).toEqual(Array(4).fill(["renewed", null]));
});

test("of two at once one wins, and the other is told", async () => {
  const ends = await Promise.allSettled([
    renew({ cluster: "alpha", secrets: ["etcd-0"] }),
    renew({ cluster: "alpha", secrets: ["etcd-0"] }),
  ]);
  expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(ends.find(({ status }) => status === "rejected")).toMatchObject({ reason: { kind: "conflict" } });
  expect(store.writes).toEqual([etcd]);
});

test.each([
  [
    "a secret that there is not",
    { cluster: "alpha", secrets: ["etcd-9"] },
    "invalid",
    "did you mean etcd-0?",
  ],
  [
    "an authority",
    { cluster: "alpha", secrets: ["authorities"] },
    "invalid",
    "docs/commands/pki.md says how to replace an authority",
  ],
  ["a cluster that AWS runs", { cluster: "bravo" }, "invalid", undefined],
])("refuses %s", async (_, options, kind, hint) => {
  await expect(renew(options)).rejects.toMatchObject({ kind, hint });
  expect(store.writes).toEqual([]);
});

test("refuses before it writes anything where a secret is missing", async () => {
  store.secrets.delete(controllers);
  await expect(renew({ cluster: "alpha" })).rejects.toMatchObject({
    kind: "refused",
    hint: "skyline pki init --env complete",
  });
  expect(store.writes).toEqual([]);
});
