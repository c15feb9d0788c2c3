import { BootCluster, HEALTH_CHECK } from "../support/boot-cluster";
import { Load } from "../support/boot-load";
import { waitUntil } from "../support/process";

let cluster: BootCluster;
let token: string;
const shown = (work: () => Promise<void>) => () => cluster.showing(work);

beforeAll(async () => {
  cluster = await BootCluster.start();
  await cluster.showing(() => cluster.up());
  token = await cluster.token("platform-admin");
  // Making the images takes minutes, where no other test has made them yet.
}, 15 * 60_000);

afterAll(() => cluster?.stop(), 60_000);

interface Member {
  readonly ID: number;
  readonly name: string;
}

const members = async (from: number) =>
  (JSON.parse(await cluster.etcdctl(from, "member", "list", "--write-out=json")) as { members: Member[] })
    .members;

/** Index of the member that leads. */
async function leader(): Promise<number> {
  const status = JSON.parse(await cluster.etcdctl(0, "endpoint", "status", "--write-out=json")) as {
    Endpoint: string;
    Status: { leader: number; header: { member_id: number } };
  }[];
  return status.findIndex(({ Status }) => Status.leader === Status.header.member_id);
}

/** Names of the ConfigMaps that a member itself has, whatever the others have. */
async function ownConfigMaps(index: number): Promise<Set<string>> {
  const prefix = "/registry/configmaps/default/";
  const keys = await cluster.ownEtcdctl(index, "get", "--prefix", prefix, "--keys-only", "--consistency=s");
  return new Set(keys.split("\n").map((key) => key.slice(prefix.length)));
}

const reached = (what: string, load: Load, count: number) =>
  waitUntil(
    what,
    async () => {
      if (load.succeeded.length < count) throw new Error(`${load.succeeded.length} of ${count}`);
    },
    { timeoutMs: 60_000 },
  );

test(
  "an etcd member fails with its host, and its successor has the old data: no acknowledged write is lost",
  shown(async () => {
    const lost = await leader();
    const witness = (lost + 1) % 3;
    const before = await members(witness);
    const load = Load.writing({ client: cluster.client(), token, workers: 4, timeoutMs: 15_000 });
    await reached("writes are acknowledged", load, 100);

    await cluster.world.fail(cluster.members[lost]!);
    const atFailure = load.succeeded.length;
    await reached("two members go on taking writes", load, atFailure + 100);
    const meanwhile = load.succeeded.length;

    const { machine } = await cluster.launchMember(lost);
    await waitUntil("the successor is well", () => cluster.memberHealthy(lost), { timeoutMs: 60_000 });
    await reached("writes go on", load, load.succeeded.length + 50);
    await load.stop();

    const volume = await machine.read("journalctl", "--unit=skyline-volume", "--output=cat", "--no-pager");
    expect(volume).toContain("has a file system");
    expect(await members(witness)).toEqual(before);
    expect(await members(lost)).toEqual(before);
    const names = load.succeeded.map(({ name }) => name);
    for (const index of [0, 1, 2]) {
      const own = await waitUntil("the member has caught up", () => ownConfigMaps(index));
      expect(names.filter((name) => !own.has(name!))).toEqual([]);
    }
    console.log(
      `${names.length} writes acknowledged (${meanwhile - atFailure} of them without the member), ` +
        `${load.failed.length} not, none lost`,
    );
  }),
  180_000,
);

test(
  "a controller fails with its host: requests go on by the balancer, and none fails once it is taken out",
  shown(async () => {
    const options = { client: cluster.client(), token, timeoutMs: 5_000 };
    const loads = [
      Load.reading({ ...options, workers: 4 }),
      Load.reading({ ...options, workers: 4, keepConnections: true }),
    ];
    await Promise.all(loads.map((load) => reached("requests are answered", load, 50)));

    const { address, at: failedAt } = await cluster.failController();
    const outAt = await waitUntil("the balancer takes it out", () => cluster.takenOut(address));
    await Promise.all(loads.map((load) => reached("requests go on", load, load.succeeded.length + 200)));
    await Promise.all(loads.map((load) => load.stop()));

    const { intervalMs, timeoutMs, threshold } = HEALTH_CHECK;
    const window = threshold * intervalMs + timeoutMs;
    // Twice, as all of this shares two cores: what matters is that it is seconds, and not the minutes of TCP.
    expect(outAt - failedAt).toBeLessThan(2 * window);
    const failed = loads.flatMap((load) => load.failed);
    expect(failed.filter(({ ended }) => ended < failedAt)).toEqual([]);
    expect(failed.filter(({ started }) => started > outAt)).toEqual([]);
    const all = loads.flatMap((load) => load.outcomes);
    const begun = all.filter(({ started, ended }) => ended > failedAt && started < outAt);
    console.log(
      `${failed.length} of ${begun.length} requests failed in the ${outAt - failedAt} ms until the ` +
        `balancer had taken the controller out, none of ${all.filter(({ started }) => started > outAt).length} after`,
    );

    await cluster.register();
    await cluster.launchController();
    await waitUntil("its successor is taken in", () => cluster.healthy(3), { timeoutMs: 60_000 });
  }),
  180_000,
);

test(
  "two members that are told to terminate at once leave one after the other",
  shown(async () => {
    const { world } = cluster;
    const [one, two] = [cluster.members[0]!, cluster.members[1]!];
    const gone = async () =>
      (await world.calls())
        .filter(({ action }) => action === "CompleteLifecycleAction")
        .map(({ instance }) => instance);
    const journal = (index: number) =>
      cluster.members[index]!.machine.read(
        "journalctl",
        "--unit=skyline-terminate",
        "--output=cat",
        "--no-pager",
      );

    await Promise.all([world.setLifecycle(one, "Terminated"), world.setLifecycle(two, "Terminated")]);
    const first = await waitUntil("one of them leaves", async () => {
      const [leaver] = await gone();
      if (leaver === undefined) throw new Error("nobody has left");
      return cluster.members.findIndex(({ instance }) => instance.id === leaver);
    });
    const second = 1 - first;
    await waitUntil("the other one is refused", async () => {
      expect(await journal(second)).toContain(`etcd-${first} is away; etcd-${second} stays until it is back`);
    });
    expect(await gone()).toEqual([cluster.members[first]!.instance.id]);

    await world.fail(cluster.members[first]!);
    await waitUntil("the other one is asked again, and refused again", async () => {
      expect((await journal(second)).split("is away").length).toBeGreaterThan(3);
    });
    expect(await gone()).toHaveLength(1);
    const { instance } = await cluster.launchMember(first);
    await waitUntil("the other one leaves", async () => expect(await gone()).toHaveLength(2), {
      timeoutMs: 90_000,
    });
    expect((await gone())[1]).toBe(cluster.members[second]!.instance.id);
    expect(instance.id).toBe(cluster.members[first]!.instance.id);
    await cluster.memberHealthy(first);

    await world.fail(cluster.members[second]!);
    await cluster.launchMember(second);
    await waitUntil("all members are well", () => cluster.memberHealthy(second), { timeoutMs: 60_000 });
  }),
  240_000,
);
