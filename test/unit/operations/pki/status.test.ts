import { initIn } from "../../../../operations/pki/init";
import { statusIn } from "../../../../operations/pki/status";
import { environmentWith, FIVE_MEMBERS, MemoryStore } from "./memory-store";

jest.setTimeout(60_000);

const environment = environmentWith();
const now = new Date("2026-03-01T12:00:00Z");
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
const authorities = "skyline/complete/alpha/authorities";
const controllers = "skyline/complete/alpha/controllers";
const etcd = "skyline/complete/alpha/etcd-0";
const parameter = "/skyline/complete/authorities/alpha";
const whole = new MemoryStore();
const other = new MemoryStore();
let store: MemoryStore;

beforeAll(() => initIn(whole, environment, { now }));
beforeAll(() => initIn(other, environment, { now }));
beforeEach(() => {
  store = whole.copy();
});

const found = async (at = now, of = environment) =>
  (await statusIn(store, of, at)).findings.map(({ code, name, file }) => [
    code,
    name.split("/").at(-1),
    file,
  ]);

test("of what init has made: each certificate, and nothing to put right", async () => {
  const { certificates, findings } = await statusIn(store, environment, now);
  expect(findings).toEqual([]);
  expect(certificates).toHaveLength(21);
  expect(certificates).toContainEqual({
    cluster: "alpha",
    secret: controllers,
    file: "kubelet-client.crt",
    subject: "O=skyline:kubelet-clients, CN=kube-apiserver-kubelet-client",
    issuer: "CN=complete-alpha-kubernetes-ca",
    expires: "2027-04-02T11:55:00.000Z",
    daysLeft: 396,
    faults: [],
  });
  expect(certificates[0]).toMatchObject({ cluster: null, subject: "CN=complete-consul-ca", daysLeft: 3652 });
});

test("of nothing: every secret and the parameter are missing, and init would make them", async () => {
  store = new MemoryStore();
  const { findings } = await statusIn(store, environment, now);
  expect(findings).toHaveLength(12);
  expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(["absent-secret", "missing-parameter"]));
  expect(new Set(findings.map(({ fix }) => fix))).toEqual(new Set(["skyline pki init --env complete"]));
});

test("certificates are to be renewed 30 days before they end, not 31", async () => {
  expect(await found(later(366))).toEqual([]);
  const soon = await found(later(367));
  expect(soon).toHaveLength(17);
  expect(soon).toContainEqual(["expiring", "etcd-0", "peer.crt"]);
  expect(await found(later(396))).toContainEqual(["expiring", "etcd-0", "peer.crt"]);
  expect(await found(later(397))).toContainEqual(["expired", "etcd-0", "peer.crt"]);
});

test("what the file says otherwise since then is told with what has to change", async () => {
  const moved = environmentWith(
    ["domain: complete.example.internal", "domain: new.example.internal"],
    ["serviceCidr: 172.20.0.0/16", "serviceCidr: 172.22.0.0/16"],
    ...FIVE_MEMBERS,
  );
  expect((await found(now, moved)).sort()).toEqual(
    [
      ["wrong-names", "controllers", "apiserver.crt"],
      ...[0, 1, 2].flatMap((index) => [
        ["wrong-names", `etcd-${index}`, "peer.crt"],
        ["wrong-names", `etcd-${index}`, "server.crt"],
      ]),
      ["absent-secret", "etcd-3", null],
      ["absent-secret", "etcd-4", null],
    ].sort(),
  );
  const { findings } = await statusIn(store, moved, now);
  expect(findings.find(({ file }) => file === "apiserver.crt")).toEqual({
    code: "wrong-names",
    name: controllers,
    file: "apiserver.crt",
    message:
      "stands for other names: lacks DNS:api.alpha.new.example.internal, DNS:api.new.example.internal, IP Address:172.22.0.1; " +
      "has DNS:api.alpha.complete.example.internal, DNS:api.complete.example.internal, IP Address:172.20.0.1",
    fix: "skyline pki renew --env complete --cluster alpha --secret controllers",
  });
});

describe("tells", () => {
  test("a file that is missing, and one that is no certificate", async () => {
    store.change(controllers, { "scheduler.key": undefined, "apiserver.crt": "hunter2" });
    expect(await found()).toEqual([
      ["unreadable-file", "controllers", "apiserver.crt"],
      ["missing-file", "controllers", "scheduler.key"],
    ]);
  });

  test("a key of another certificate", async () => {
    store.change(controllers, { "apiserver.key": store.files(etcd)["server.key"] });
    expect(await found()).toEqual([["key-mismatch", "controllers", "apiserver.crt"]]);
  });

  test("a certificate in the place of another: who it is, what for, and for which names", async () => {
    const { "client.crt": crt, "client.key": key } = store.files(etcd);
    store.change(etcd, { "server.crt": crt, "server.key": key });
    expect(await found()).toEqual([
      ["wrong-names", "etcd-0", "server.crt"],
      ["wrong-usages", "etcd-0", "server.crt"],
    ]);
    store.change(controllers, { "etcd-client.crt": crt, "etcd-client.key": key });
    expect(await found()).toContainEqual(["wrong-subject", "controllers", "etcd-client.crt"]);
  });

  test("certificates of an authority of the same name that is another one", async () => {
    store.change(authorities, other.files(authorities));
    const codes = await found();
    expect(codes).toContainEqual(["wrong-issuer", "controllers", "apiserver.crt"]);
    expect(codes).toContainEqual(["wrong-issuer", "etcd-2", "client.crt"]);
    expect(codes).toContainEqual(["stale-copy", "controllers", "ca.key"]);
    expect(codes).toContainEqual(["wrong-parameter", "alpha", null]);
  });

  test("a public key of another service account key", async () => {
    store.change(controllers, { "service-account.pub": other.files(controllers)["service-account.pub"] });
    expect(await found()).toEqual([["key-mismatch", "controllers", "service-account.pub"]]);
  });

  test("Consul's keys and tokens that are none", async () => {
    store.change("skyline/complete/consul/servers", { "gossip.key": "c2hvcnQ=", "worker.token": "hunter2" });
    expect(await found()).toEqual([
      ["unreadable-file", "servers", "gossip.key"],
      ["unreadable-file", "servers", "worker.token"],
      ["stale-copy", "gateways", "gossip.key"],
      ["stale-copy", "workers", "gossip.key"],
      ["stale-copy", "workers", "agent.token"],
      ["stale-copy", "mesos", "gossip.key"],
    ]);
  });

  test.each(["deleted", "unreadable", "empty"] as const)("a secret that is %s", async (state) => {
    store.secrets.set(etcd, { state });
    expect(await found()).toEqual([[`${state}-secret`, "etcd-0", null]]);
  });

  test("a parameter that is missing", async () => {
    store.parameters.delete(parameter);
    expect(await found()).toEqual([["missing-parameter", "alpha", null]]);
  });
});

test("nothing that it gives back holds a key or a token, also of secrets that are wrong", async () => {
  store.change(controllers, { "apiserver.crt": "hunter2", "apiserver.key": "hunter3" });
  store.change("skyline/complete/consul/workers", { "agent.token": "hunter4" });
  const shown = JSON.stringify(await statusIn(store, environment, later(390)));
  store.secretTexts().forEach((secret) => expect(shown).not.toContain(JSON.stringify(secret).slice(1, -1)));
  expect(shown).not.toMatch(/PRIVATE|hunter/);
});
