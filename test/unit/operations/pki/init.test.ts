import { X509Certificate } from "node:crypto";
import { initIn } from "../../../../operations/pki/init";
import { statusIn } from "../../../../operations/pki/status";
import { environmentWith, FIVE_MEMBERS, MemoryStore } from "./memory-store";

jest.setTimeout(60_000);

const environment = environmentWith();
const authorities = "skyline/complete/alpha/authorities";
const controllers = "skyline/complete/alpha/controllers";
const etcd = "skyline/complete/alpha/etcd-0";
const servers = "skyline/complete/consul/servers";
const parameter = "/skyline/complete/authorities/alpha";

const whole = new MemoryStore();
beforeAll(() => initIn(whole, environment));
const initialized = () => whole.copy();
const findings = async (store: MemoryStore) => (await statusIn(store, environment)).findings;

test("makes everything, origins first and the parameter last, and says what", async () => {
  const store = new MemoryStore();
  const { outcomes, findings: wrong } = await initIn(store, environment);
  expect(store.writes).toEqual([
    "skyline/complete/consul/authority",
    servers,
    "skyline/complete/consul/gateways",
    "skyline/complete/consul/workers",
    "skyline/complete/consul/mesos",
    "skyline/complete/consul/operators",
    authorities,
    etcd,
    "skyline/complete/alpha/etcd-1",
    "skyline/complete/alpha/etcd-2",
    controllers,
    parameter,
  ]);
  expect(outcomes.map(({ name, action }) => [name, action])).toEqual(
    store.writes.map((name) => [name, "created"]),
  );
  expect(outcomes[7]).toEqual({
    kind: "secret",
    name: etcd,
    cluster: "alpha",
    action: "created",
    files: ["etcd-ca.crt", "server.crt", "server.key", "peer.crt", "peer.key", "client.crt", "client.key"],
  });
  expect(wrong).toEqual([]);
});

test("run again, writes nothing", async () => {
  const store = initialized();
  const { writes, secrets, parameters } = { ...store };
  const before = JSON.stringify([[...secrets], [...parameters], writes]);
  const { outcomes } = await initIn(store, environment);
  expect(new Set(outcomes.map(({ action }) => action))).toEqual(new Set(["unchanged"]));
  expect(JSON.stringify([[...secrets], [...parameters], writes])).toBe(before);
});

test("as a dry run writes nothing, and tells what the real one then does", async () => {
  const store = new MemoryStore();
  const dry = await initIn(store, environment, { dryRun: true });
  expect(store.writes).toEqual([]);
  const real = await initIn(store, environment);
  expect(dry.outcomes).toEqual(real.outcomes);
});

test.each(Array.from({ length: 11 }, (_, index) => index))(
  "ended before write %i, the next run keeps what is there and makes the rest from it",
  async (index) => {
    const store = new MemoryStore();
    store.beforeWrite = () => {
      if (store.writes.length === index) {
        throw new Error("killed");
      }
    };
    await expect(initIn(store, environment)).rejects.toThrow("killed");
    const kept = [...store.secrets];
    store.beforeWrite = () => undefined;
    await initIn(store, environment);
    expect([...store.secrets].slice(0, kept.length)).toEqual(kept);
    expect(store.writes).toHaveLength(12);
    expect(await findings(store)).toEqual([]);
  },
);

test("five at once make one authority, and secrets that fit", async () => {
  const store = new MemoryStore();
  // All of them have read that nothing is there before the first of them writes.
  let waiting: (() => void)[] = [];
  store.beforeWrite = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      setImmediate(() => {
        const ready = waiting;
        waiting = [];
        ready.reverse().forEach((go) => go());
      });
    });
  const results = await Promise.all(Array.from({ length: 5 }, () => initIn(store, environment)));
  expect(store.writes).toHaveLength(12);
  const created = results.flatMap(({ outcomes }) => outcomes.filter(({ action }) => action === "created"));
  expect(created.map(({ name }) => name).sort()).toEqual([...store.writes].sort());
  results.forEach((result) => expect(result.findings).toEqual([]));
  expect(await findings(store)).toEqual([]);
});

describe("what is half there", () => {
  test.each([
    ["a certificate without its key", controllers, "apiserver.key"],
    ["a key without its certificate", etcd, "peer.crt"],
    ["a copy", controllers, "front-proxy-ca.crt"],
  ])("is healed: %s", async (_, secret, file) => {
    const store = initialized();
    const before = store.files(secret);
    store.change(secret, { [file]: undefined });
    const { outcomes } = await initIn(store, environment);
    const changed = outcomes.filter(({ action }) => action !== "unchanged");
    expect(changed).toMatchObject([{ name: secret, action: "completed" }]);
    const after = store.files(secret);
    const other = Object.keys(before).filter((name) => !changed[0]?.files.includes(name));
    expect(other.map((name) => after[name])).toEqual(other.map((name) => before[name]));
    expect(await findings(store)).toEqual([]);
  });

  test("a signing key keeps signing: its public key is read from it", async () => {
    const store = initialized();
    const before = store.files(controllers);
    store.change(controllers, { "service-account.pub": undefined });
    await initIn(store, environment);
    expect(store.files(controllers)).toEqual(before);
  });

  test("an authority from which nothing is made yet", async () => {
    const store = initialized();
    store.change(authorities, { "front-proxy-ca.key": undefined, "front-proxy-ca.crt": undefined });
    store.change(controllers, {
      "front-proxy-ca.crt": undefined,
      "front-proxy-client.crt": undefined,
      "front-proxy-client.key": undefined,
    });
    await initIn(store, environment);
    expect(await findings(store)).toEqual([]);
  });

  test("a secret that somebody has made without a value", async () => {
    const store = new MemoryStore();
    store.secrets.set(authorities, { state: "empty" });
    const { outcomes } = await initIn(store, environment);
    expect(outcomes).toContainEqual(expect.objectContaining({ name: authorities, action: "completed" }));
    expect(await findings(store)).toEqual([]);
  });

  test("what others have put into a secret stays", async () => {
    const store = initialized();
    store.change(controllers, { "apiserver.crt": undefined, "note.txt": "ours" });
    await initIn(store, environment);
    expect(store.files(controllers)["note.txt"]).toBe("ours");
  });
});

describe("is refused, with nothing written,", () => {
  const refused = async (store: MemoryStore) => {
    const before = store.writes.length;
    const error = await initIn(store, environment).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(store.writes).toHaveLength(before);
    return error;
  };

  test("where an authority is gone and its certificates stand", async () => {
    const store = initialized();
    store.secrets.delete(authorities);
    expect(await refused(store)).toMatchObject({
      kind: "conflict",
      message: `ca.crt and ca.key of secret ${authorities} are lost, and ${controllers} was made from it`,
    });
  });

  test("where an authority's secrets are gone, all of them, and the parameter stands", async () => {
    const store = initialized();
    [authorities, controllers, ...[0, 1, 2].map((index) => `skyline/complete/alpha/etcd-${index}`)].forEach(
      (name) => store.secrets.delete(name),
    );
    expect(await refused(store)).toMatchObject({
      kind: "conflict",
      message: expect.stringContaining(`and ${parameter} was made from it`),
    });
  });

  test("where the key is gone with which Consul's agents encrypt", async () => {
    const store = initialized();
    store.change(servers, { "gossip.key": undefined });
    expect(await refused(store)).toMatchObject({
      kind: "conflict",
      message: expect.stringMatching(/^gossip\.key of secret .* is lost/),
    });
  });

  test("where a secret is deleted", async () => {
    const store = initialized();
    store.secrets.set(etcd, { state: "deleted" });
    expect(await refused(store)).toMatchObject({
      kind: "conflict",
      hint: `aws secretsmanager restore-secret --secret-id ${etcd}`,
    });
  });

  test("where a secret holds something else", async () => {
    const store = initialized();
    store.secrets.set(etcd, { state: "unreadable" });
    expect(await refused(store)).toMatchObject({ kind: "conflict" });
  });

  test("where the authority has expired", async () => {
    const store = new MemoryStore();
    await initIn(store, environment, { now: new Date("2015-01-01") });
    store.change(controllers, { "apiserver.crt": undefined });
    expect(await refused(store)).toMatchObject({
      kind: "refused",
      message: expect.stringMatching(/^authority complete-alpha-kubernetes-ca has expired on /),
    });
  });
});

test("a certificate ends no later than its authority", async () => {
  const store = new MemoryStore();
  await initIn(store, environment, { now: new Date("2020-01-01T00:00:00Z") });
  store.change(controllers, { "apiserver.crt": undefined });
  await initIn(store, environment, { now: new Date("2029-10-01T00:00:00Z") });
  const end = (secret: string, file: string) => new X509Certificate(store.files(secret)[file] ?? "").validTo;
  expect(end(controllers, "apiserver.crt")).toBe(end(authorities, "ca.crt"));
});

describe("of", () => {
  const names = async (changed: ReturnType<typeof environmentWith>, clusters?: readonly string[]) => {
    const store = new MemoryStore();
    await initIn(store, changed, { clusters });
    return store.writes.filter((name) => !name.includes("/consul/"));
  };

  test("five etcd members are five secrets; a cluster that grows gets the missing ones alone", async () => {
    const grown = environmentWith(...FIVE_MEMBERS);
    expect(await names(grown)).toContain("skyline/complete/alpha/etcd-4");
    const store = initialized();
    const before = store.writes.length;
    await initIn(store, grown);
    expect(store.writes.slice(before)).toEqual([
      "skyline/complete/alpha/etcd-3",
      "skyline/complete/alpha/etcd-4",
    ]);
  });

  test("a removed cluster there is nothing; of a retiring one all", async () => {
    const active: [string, string] = ["kind: eks\n    role: passive", "kind: eks\n    role: active"];
    const inRole = (role: string) =>
      environmentWith(active, [
        "kind: self-managed\n    role: active",
        `kind: self-managed\n    role: ${role}`,
      ]);
    expect(await names(inRole("removed"))).toEqual([]);
    expect(await names(inRole("retiring"))).toHaveLength(6);
  });

  test("clusters that are not named there is nothing", async () => {
    expect(await names(environment, [])).toEqual([]);
    expect(await names(environment, ["alpha"])).toHaveLength(6);
  });

  test.each([
    ["bravo", "cluster bravo is of kind eks: AWS holds its authority", undefined],
    ["alpa", 'environment complete has no cluster "alpa"', "did you mean alpha?"],
  ])("%s is refused", async (cluster, message, hint) => {
    await expect(names(environment, [cluster])).rejects.toMatchObject({ kind: "invalid", message, hint });
  });
});
