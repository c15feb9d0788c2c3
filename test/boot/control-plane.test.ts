import { BootCluster } from "../support/boot-cluster";
import type { Launched } from "../support/boot-world";
import { waitUntil } from "../support/process";

jest.setTimeout(60_000);

let cluster: BootCluster;
const shown = (work: () => Promise<void>) => () => cluster.showing(work);

beforeAll(async () => {
  cluster = await BootCluster.start();
  await cluster.showing(() => cluster.up());
  // Making the images takes minutes, where no other test has made them yet.
}, 15 * 60_000);

afterAll(() => cluster?.stop(), 60_000);

const machines = () => [...cluster.members, ...cluster.controllers];

/** Who the API server takes the owner of a token for. */
async function whoIs(token: string): Promise<{ username: string; groups: string[] }> {
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const answer = await cluster
    .client()
    .read<{ status: { userInfo: { username: string; groups: string[] } } }>(path, {
      ...{ method: "POST", body: review, token },
    });
  return answer.status.userInfo;
}

describe("etcd", () => {
  test(
    "three members form a quorum, each of them well",
    shown(async () => {
      const { members } = JSON.parse(await cluster.etcdctl(0, "member", "list", "--write-out=json")) as {
        members: { name: string; isLearner?: boolean }[];
      };
      expect(members.map(({ name }) => name).sort()).toEqual(["etcd-0", "etcd-1", "etcd-2"]);
      const health = JSON.parse(await cluster.etcdctl(1, "endpoint", "health", "--write-out=json")) as {
        health: boolean;
      }[];
      expect(health.map((one) => one.health)).toEqual([true, true, true]);
    }),
  );

  test(
    "a client without a certificate of the authority is refused",
    shown(async () => {
      const [member] = cluster.members;
      const { machine } = member!;
      const ask = (...options: string[]) =>
        machine.run(
          "curl",
          "--silent",
          "--cacert",
          "/etc/etcd/pki/etcd-ca.crt",
          ...options,
          "https://localhost:2379/health",
        );
      const own = ["--cert", "/etc/etcd/pki/client.crt", "--key", "/etc/etcd/pki/client.key"];
      expect((await ask(...own)).stdout).toContain('"health":"true"');
      const nobody = await ask();
      expect(nobody.code).not.toBe(0);
      expect(nobody.stdout).toBe("");
    }),
  );

  test(
    "data is on the member's own volume, and a snapshot is due every hour",
    shown(async () => {
      for (const { machine } of cluster.members) {
        expect(
          await machine.read("findmnt", "--noheadings", "--output=SOURCE,FSTYPE", "/var/lib/etcd"),
        ).toMatch(/^\/dev\/\S+ +ext4$/m);
        await machine.active("etcd-snapshot.timer");
      }
    }),
  );
});

describe("nodes", () => {
  test(
    "no unit of any machine has failed",
    shown(async () => {
      for (const { machine } of machines()) {
        const failed = await machine.read("systemctl", "list-units", "--failed", "--plain", "--no-legend");
        const units = failed.split("\n").map((line) => line.split(" ")[0] ?? "");
        // Debian's, for disks over a network: it loads a module of the kernel, which no machine may here.
        expect([machine.name, ...units.filter((unit) => !/^$|^nvmf-/.test(unit))]).toEqual([machine.name]);
      }
    }),
  );

  test(
    "each asks for its own secret alone, and keeps its keys from others",
    shown(async () => {
      const calls = (await cluster.world.calls()).filter(({ service }) => service === "secretsmanager");
      for (const { machine, instance } of machines()) {
        const own = calls.filter((call) => call.instance === instance.id).map(({ body }) => body);
        const secret = machine.name.startsWith("etcd")
          ? machine.name.slice(0, "etcd-0".length)
          : "controllers";
        const wanted = { SecretId: `skyline/booted/alpha/${secret}` };
        expect([...new Set(own)].map((body) => JSON.parse(body) as object)).toEqual([wanted]);
      }
      const [member] = cluster.members;
      const modes = await member!.machine.read(
        "stat",
        "--format=%a %U %n",
        "/etc/etcd/pki",
        "/etc/etcd/pki/peer.key",
      );
      expect(modes).toBe("700 etcd /etc/etcd/pki\n600 etcd /etc/etcd/pki/peer.key\n");
    }),
  );

  test(
    "the controller manager and the scheduler have their leaders",
    shown(async () => {
      const token = await cluster.token("platform-admin");
      for (const name of ["kube-controller-manager", "kube-scheduler"]) {
        const path = `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${name}`;
        const lease = () => cluster.client().read<{ spec: { holderIdentity: string } }>(path, { token });
        const { spec } = await waitUntil(`there is a lease of ${name}`, lease);
        expect(spec.holderIdentity).toMatch(/^controller-\d+_/);
      }
    }),
  );
});

describe("the API behind the balancer", () => {
  test(
    "is of the version that the environment names, under the name and authority that were issued",
    shown(async () => {
      const token = await cluster.token("platform-admin");
      const version = await cluster.client().read<{ gitVersion: string }>("/version", { token });
      expect(version.gitVersion).toBe("v1.35.4");
    }),
  );

  test(
    "tells nobody without a name more than its health",
    shown(async () => {
      const client = cluster.client();
      const statuses = async (paths: readonly string[]) =>
        Promise.all(paths.map(async (path) => (await client.send(path)).status));
      expect(await statuses(["/livez", "/readyz", "/healthz"])).toEqual([200, 200, 200]);
      expect(await statuses(["/version", "/api", "/apis", "/metrics", "/openid/v1/jwks"])).toEqual(
        Array(5).fill(401),
      );
    }),
  );

  test(
    "takes an admin's IAM token for an admin",
    shown(async () => {
      const { username, groups } = await whoIs(await cluster.token("platform-admin", "ada"));
      expect(username).toBe("skyline:admin:ada");
      expect(groups).toContain("system:masters");
    }),
  );

  test(
    "takes the deployer's IAM token for the deployer, who may do nothing yet",
    shown(async () => {
      const token = await cluster.token("atlantis", "run-7");
      const { username, groups } = await whoIs(token);
      expect(username).toBe("skyline:deployer:run-7");
      expect(groups.sort()).toEqual(["skyline:deployers", "system:authenticated"]);
      expect((await cluster.client().send("/api/v1/namespaces", { token })).status).toBe(403);
    }),
  );

  test(
    "refuses a role that nobody mapped, a token for another cluster and a forged one",
    shown(async () => {
      const { world } = cluster;
      const elsewhere = await cluster.token("platform-admin", "ada", "booted-bravo");
      const tokens = [await cluster.token("stranger"), elsewhere, "k8s-aws-v1.bm90IGEgVVJM"];
      const answers = tokens.map(async (token) => (await cluster.client().send("/api", { token })).status);
      expect(await Promise.all(answers)).toEqual([401, 401, 401]);
      const asked = (await world.calls()).filter(({ action }) => action === "GetCallerIdentity");
      expect(asked.length).toBeGreaterThan(0);
    }),
  );

  test(
    "keeps Secrets in etcd encrypted by KMS, and reads them back on each controller",
    shown(async () => {
      const token = await cluster.token("platform-admin");
      const plain = "a-value-that-nobody-may-read";
      await cluster.client().read("/api/v1/namespaces/default/secrets", {
        method: "POST",
        token,
        body: { apiVersion: "v1", kind: "Secret", metadata: { name: "sealed" }, stringData: { plain } },
      });
      const raw = await cluster.etcdctl(0, "get", "/registry/secrets/default/sealed", "--print-value-only");
      expect(raw).toMatch(/^k8s:enc:kms:v2:aws-encryption-provider:/);
      expect(raw).not.toContain(plain);
      for (const { instance } of cluster.controllers) {
        const secret = await cluster.world.run([
          ...["curl", "--silent", "--insecure", "--header", `Authorization: Bearer ${token}`],
          `https://${instance.address}:6443/api/v1/namespaces/default/secrets/sealed`,
        ]);
        const { data } = JSON.parse(secret) as { data: { plain: string } };
        expect(Buffer.from(data.plain, "base64").toString()).toBe(plain);
      }
      const calls = (await cluster.world.calls()).filter(({ service }) => service === "kms");
      expect(new Set(calls.map(({ instance }) => instance))).toEqual(
        new Set(cluster.controllers.map(({ instance }) => instance.id)),
      );
    }),
  );
});

describe("a snapshot", () => {
  test(
    "goes to S3, and restoring it brings back what was there then",
    shown(async () => {
      const token = await cluster.token("platform-admin");
      const path = "/api/v1/namespaces/default/configmaps";
      const make = (name: string) =>
        cluster.client().read(path, {
          ...{ method: "POST", token },
          body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name } },
        });
      const has = async (name: string) => (await cluster.client().send(`${path}/${name}`, { token })).status;

      await make("before-the-snapshot");
      const [{ machine }] = cluster.members as [Launched];
      await machine.read("systemctl", "start", "etcd-snapshot.service");
      await make("after-the-snapshot");
      const journal = await machine.read("journalctl", "--unit=etcd-snapshot", "--output=cat", "--no-pager");
      const [, key = ""] = /uploaded (s3:\S+)/.exec(journal) ?? [];
      expect(key).toMatch(/^s3:\/\/booted-alpha-snapshots\/booted-alpha\/etcd-0\/.*\.db$/);
      const { SSEKMSKeyId } = await cluster.snapshot(key);
      expect(SSEKMSKeyId).toBe(cluster.snapshotKeyArn);

      // As docs/constructs/self-managed-cluster.md says, step by step.
      const stopped = cluster.controllers.map(({ machine: controller }) =>
        controller.read("systemctl", "stop", "kube-apiserver"),
      );
      await Promise.all(stopped);
      for (const { machine: member } of cluster.members) {
        await member.read(
          "sh",
          "-ec",
          "systemctl stop etcd && mv /var/lib/etcd/data /var/lib/etcd/before-restore",
        );
      }
      for (const { machine: member } of cluster.members)
        await member.read("bash", "-euc", RESTORE, "restore", key);
      await Promise.all(
        cluster.members.map(({ machine: member }) => member.read("systemctl", "start", "etcd")),
      );
      await cluster.memberHealthy(0);
      for (const { machine: controller } of cluster.controllers) {
        await controller.read("systemctl", "start", "--no-block", "kube-apiserver");
      }
      await waitUntil("the API serves", () => cluster.healthy(3), { timeoutMs: 120_000 });
      expect(await has("before-the-snapshot")).toBe(200);
      expect(await has("after-the-snapshot")).toBe(404);
    }),
    240_000,
  );
});

/** The page's commands, with the values of the member's own etcd.yaml. */
const RESTORE = `
. /etc/skyline/node.env
export AWS_DEFAULT_REGION
value() { sed -n "s/^$1: //p" /etc/etcd/etcd.yaml; }
cd "$(mktemp -d)"
aws s3 cp "$1" snapshot.db --only-show-errors
etcdutl snapshot status snapshot.db --write-out table
etcdutl snapshot restore snapshot.db --data-dir /var/lib/etcd/data --name "$(value name)" \\
  --initial-cluster "$(value initial-cluster)" --initial-cluster-token "$(value initial-cluster-token)" \\
  --initial-advertise-peer-urls "$(value initial-advertise-peer-urls)" --bump-revision 1000000000 --mark-compacted
chown -R etcd:etcd /var/lib/etcd/data
`;
