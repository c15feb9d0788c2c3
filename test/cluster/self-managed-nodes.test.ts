import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { renderController } from "../../constructs/cluster/self-managed/bootstrap/controller";
import { renderEtcdMember } from "../../constructs/cluster/self-managed/bootstrap/etcd-member";
import { parseEnvironment } from "../../environment/load";
import { etcdHost, secretNames } from "../../environment/naming";
import { packageRoot } from "../../environment/package-root";
import type { SelfManagedClusterSpec } from "../../environment/schema";
import { clusterSecrets } from "../../operations/pki/cluster-secrets";
import { completed } from "../../operations/pki/complete";
import type { Files } from "../../operations/pki/contents";
import { freePort } from "../../operations/ports";
import { BootAws } from "../support/boot-aws";
import { compilePrograms } from "../support/compiled-programs";
import { binaryOf, goTool, type GoTool } from "../support/go-tool";
import { httpGet, ManagedProcess, waitUntil } from "../support/process";
import { flagsOf, runUserData, variablesOf } from "../support/user-data";

/**
 * The real programs with the files and flags that user data writes and the certificates that `skyline pki init` issues,
 * on loopback: paths are moved below a folder, and names of etcd members become ports.
 */

const ACCOUNT = "arn:aws:iam::111111111111";
const image = "{ id: ami-0123456789abcdef0 }";
const environment = parseEnvironment(
  `
environment: example
account: "111111111111"
region: us-east-1
domain: example.internal
access: { admins: [${ACCOUNT}:role/admin], deployer: ${ACCOUNT}:role/atlantis }
network: { cidr: 10.10.0.0/16, zones: [us-east-1a, us-east-1b, us-east-1c] }
mesh:
  consul: { servers: 3, instanceType: m7i.large, image: ${image} }
  gateways: { min: 3, max: 9, instanceType: c7i.large, image: ${image} }
clusters:
  alpha:
    kind: self-managed
    role: active
    kubernetes: 1.35.4
    etcd: { instanceType: m7i.large, volumeGiB: 50, image: ${image} }
    controllers: { count: 3, instanceType: m7i.large, image: ${image} }
    workers: { general: { scaling: { fixed: 3 }, instanceTypes: [m7i.xlarge], image: ${image} } }
`,
  "example.yaml",
);
const place = {
  environment: environment.environment,
  cluster: "alpha",
  domain: environment.domain,
  region: environment.region,
};
const MEMBERS = [0, 1, 2];
const patience = { timeoutMs: 60_000 };
const run = promisify(execFile);
const SUPPORT = join(packageRoot(), "test", "support");

const root = mkdtempSync(join(tmpdir(), "skyline-nodes-"));
const processes: ManagedProcess[] = [];
const secrets = new Map<string, Files>();
/** Ports of etcd: client, peer and metrics of each member. */
let ports: { client: number; peer: number; metrics: number }[];
let members: ManagedProcess[];
let wellSince: number;
let tools: Record<"etcd" | "kubernetes" | "authenticator", GoTool>;
let aws: BootAws | undefined;

/** A node's own folder, in which its files are where they are on the node. */
const nodeFolder = (name: string) => join(root, name);
/** The node's text with its paths below its folder, and etcd's names as ports of loopback. */
function moved(text: string, folder: string): string {
  const etcd = MEMBERS.reduce(
    (current, index) =>
      current
        .replaceAll(
          `https://${etcdHost(index, "alpha", place.domain)}:2379`,
          `https://127.0.0.1:${ports[index]?.client}`,
        )
        .replaceAll(
          `https://${etcdHost(index, "alpha", place.domain)}:2380`,
          `https://127.0.0.1:${ports[index]?.peer}`,
        ),
    text,
  );
  return etcd.replaceAll(/(?<![\w.])\/(etc|run|var\/lib|var\/log|usr\/local\/lib)\//g, `${folder}/$1/`);
}
function write(folder: string, path: string, content: string, mode = 0o600): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content, { mode });
}
/** What user data, fetch-secrets and the image put on the node. */
function furnish(name: string, userData: string, secret: string, pki: string): string {
  const folder = nodeFolder(name);
  for (const [path, { content }] of Object.entries(runUserData(userData).files)) {
    write(folder, path, moved(content, folder));
  }
  for (const [file, text] of Object.entries(secrets.get(secret) ?? {})) write(folder, join(pki, file), text);
  for (const path of [
    "var/lib/etcd",
    "var/log/kubernetes",
    "run/aws-encryption-provider",
    "run/aws-iam-authenticator",
  ]) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  return folder;
}
async function start(
  name: string,
  command: string,
  args: readonly string[],
  env = {},
): Promise<ManagedProcess> {
  const process = await ManagedProcess.start({
    name,
    command,
    args,
    env,
    logFile: join(root, `${name}.log`),
  });
  processes.push(process);
  return process;
}
const flagsIn = (folder: string, program: string) =>
  flagsOf(readFileSync(join(folder, "etc/kubernetes", `${program}.env`), "utf8"));
const asArgs = (flags: Record<string, string | number>) =>
  Object.entries(flags).map(([key, value]) => `--${key}=${value}`);

function furnishMember(index: number): void {
  const name = `etcd-${index}`;
  const port = ports[index] as (typeof ports)[number];
  const userData = renderEtcdMember({
    ...place,
    index,
    members: 3,
    volumeId: "vol-0",
    interfaceId: "eni-0",
    address: "127.0.0.1",
    snapshotBucket: "snapshots",
    snapshotKeyArn: "key",
    group: "group",
    lifecycleHook: "leave",
    leaveLimitSeconds: 600,
  });
  furnish(name, userData, secretNames.etcdMember("example", "alpha", index), "/etc/etcd/pki");
  const file = memberFile(index);
  writeFileSync(
    file,
    stringify({
      ...(parse(readFileSync(file, "utf8")) as object),
      "listen-client-urls": `https://127.0.0.1:${port.client}`,
      "listen-peer-urls": `https://127.0.0.1:${port.peer}`,
      "listen-metrics-urls": `http://127.0.0.1:${port.metrics}`,
    }),
  );
}
const memberFile = (index: number) => join(nodeFolder(`etcd-${index}`), "etc/etcd/etcd.yaml");
const startMember = (index: number, name = `etcd-${index}`): Promise<ManagedProcess> =>
  start(name, binaryOf(tools.etcd, "etcd"), ["--config-file", memberFile(index)]);
const wellMember = (index: number, member: ManagedProcess) =>
  member.ready(() => httpGet(`http://127.0.0.1:${ports[index]?.metrics}/health`), patience);

/** With its own flags, and the emulator's KMS. */
async function startEncryptionProvider(folder: string, { url }: BootAws): Promise<void> {
  const name = "encryption-provider";
  compilePrograms(root, [name]);
  copyFileSync(join(SUPPORT, `${name}.proto`), join(root, `${name}.proto`));
  const port = await freePort();
  const flags = { ...flagsIn(folder, "aws-encryption-provider"), "health-port": `127.0.0.1:${port}` };
  const provider = await start(name, process.execPath, [join(root, `${name}.js`), ...asArgs(flags)], {
    NODE_PATH: join(packageRoot(), "node_modules"),
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: environment.account,
  });
  await provider.ready(() => httpGet(`http://127.0.0.1:${port}/healthz`), patience);
}

beforeAll(async () => {
  const [etcd, kubernetes, authenticator] = await Promise.all(
    ["etcd", "kubernetes", "aws-iam-authenticator"].map(goTool),
  );
  tools = { etcd: etcd!, kubernetes: kubernetes!, authenticator: authenticator! };
  const spec = environment.clusters["alpha"] as SelfManagedClusterSpec;
  for (const secret of clusterSecrets(environment, "alpha", spec).secrets) {
    secrets.set(secret.name, await completed(secret, {}, secrets, new Date()));
  }
  ports = [];
  for (let count = 0; count < MEMBERS.length; count++)
    ports.push({ client: await freePort(), peer: await freePort(), metrics: await freePort() });
  MEMBERS.forEach(furnishMember);
  members = await Promise.all(MEMBERS.map((index) => startMember(index)));
  await Promise.all(members.map((member, index) => wellMember(index, member)));
  wellSince = Date.now();
}, 120_000);

afterAll(async () => {
  await Promise.all(processes.reverse().map((process) => process.stop(100)));
  await aws?.stop();
  rmSync(root, { recursive: true, force: true });
});

const etcdctl = (args: readonly string[], env: Record<string, string> = {}) =>
  run(binaryOf(tools.etcd, "etcdctl"), args as string[], {
    env: { ...variablesOf(readFileSync(join(nodeFolder("etcd-0"), "etc/etcd/etcdctl.env"), "utf8")), ...env },
  });

describe("etcd", () => {
  test("three members are well, by the certificates of a member", async () => {
    const { stdout } = await etcdctl(["endpoint", "health", "--write-out=json"]);
    expect((JSON.parse(stdout) as { health: boolean }[]).map(({ health }) => health)).toEqual([
      true,
      true,
      true,
    ]);
  });

  test("a client without a certificate is refused", async () => {
    await expect(
      etcdctl(["get", "a", "--command-timeout=2s"], { ETCDCTL_CERT: "", ETCDCTL_KEY: "" }),
    ).rejects.toThrow();
  });

  test("a client's certificate does not make a peer", async () => {
    const pki = join(nodeFolder("etcd-0"), "etc/etcd/pki");
    const asPeer = (name: string) =>
      run("curl", [
        "--silent",
        "--fail",
        "--http1.1",
        ...[
          "--cacert",
          join(pki, "etcd-ca.crt"),
          "--cert",
          join(pki, `${name}.crt`),
          "--key",
          join(pki, `${name}.key`),
        ],
        `https://127.0.0.1:${ports[1]?.peer}/members`,
      ]);
    await expect(asPeer("peer")).resolves.toHaveProperty("stdout", expect.stringContaining("etcd-1"));
    await expect(asPeer("client")).rejects.toThrow();
    expect(readFileSync(join(root, "etcd-1.log"), "utf8")).toContain(
      "client certificate authentication failed",
    );
  });
});

/** Runs a program of a member's image, with its paths below the member's folder. */
const program = async (name: string, index: number): Promise<{ code: number; stderr: string }> => {
  const folder = nodeFolder(`etcd-${index}`);
  const files = join(packageRoot(), "images/ansible/roles");
  const library = "usr/local/lib/skyline";
  const needed = [
    `etcd/files/${name}`,
    `etcd/files/${library}/etcd-members.sh`,
    `common/files/${library}/library.sh`,
  ];
  for (const file of needed) {
    const text = moved(readFileSync(join(files, file), "utf8"), folder);
    write(folder, join(library, basename(file)), text, 0o700);
  }
  const path = `${folder}/bin:${dirname(binaryOf(tools.etcd, "etcdctl"))}:/usr/bin:/bin`;
  try {
    const { stderr } = await run("bash", [join(folder, "usr/local/lib/skyline", name)], {
      env: { PATH: path },
      timeout: 20_000,
    });
    return { code: 0, stderr };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, stderr };
  }
};

describe("a member that leaves", () => {
  test("goes alone: the next one waits until it is back", async () => {
    expect(await program("etcd-leave", 0)).toMatchObject({ code: 0 });
    expect(await program("etcd-leave", 1)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("etcd-0 is away; etcd-1 stays"),
    });
    // Asked again, as it is when completing the hook failed.
    expect(await program("etcd-leave", 0)).toMatchObject({ code: 0 });
    expect(await program("etcd-return", 1)).toMatchObject({ code: 0 });
    expect(await program("etcd-leave", 1)).toMatchObject({ code: 1 });
    expect(await program("etcd-return", 0)).toMatchObject({ code: 0 });
    expect(await program("etcd-leave", 1)).toMatchObject({ code: 0 });
    expect(await program("etcd-return", 1)).toMatchObject({ code: 0 });
  }, 60_000);
});

describe("a snapshot", () => {
  /** In place of S3: keeps what is uploaded, and says that it has so many bytes more. */
  const s3 = (more: number) => {
    const folder = nodeFolder("etcd-0");
    const script = `echo "$*" >>${folder}/aws
case "$*" in
  *" s3 cp "*) cp "$7" ${folder}/uploaded ;;
  *" s3api head-object "*) echo $(($(stat --format %s ${folder}/uploaded) + ${more})) ;;
esac`;
    write(folder, "bin/aws", `#!/bin/bash\n${script}\n`, 0o700);
    return program("etcd-snapshot", 0);
  };

  test("is of this member, can be restored, and is encrypted with the cluster's key", async () => {
    expect(await s3(0)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("uploaded s3://snapshots/"),
    });
    const folder = nodeFolder("etcd-0");
    expect(readFileSync(join(folder, "aws"), "utf8").split("\n")[0]).toMatch(
      /s3 cp \S+ s3:\/\/snapshots\/example-alpha\/etcd-0\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.db .*--sse aws:kms --sse-kms-key-id key$/,
    );
    const restore = ["snapshot", "restore", join(folder, "uploaded"), "--data-dir", join(folder, "restored")];
    await expect(run(binaryOf(tools.etcd, "etcdutl"), restore)).resolves.toBeDefined();
  }, 30_000);

  test("that did not arrive as a whole is a failure", async () => {
    expect(await s3(1)).toMatchObject({ code: 1, stderr: expect.stringMatching(/has \d+ bytes of \d+/) });
  }, 30_000);
});

describe("a member whose volume is lost", () => {
  const LOST = 0;
  const page = readFileSync(join(packageRoot(), "docs/constructs/self-managed-cluster.md"), "utf8");
  /** The commands of the page that have these words among them, run as on a node. */
  const asDocumented = async (words: string, node: number) => {
    const blocks = [...page.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)].map(([, text]) => text as string);
    const [commands, ...more] = blocks.filter((text) => text.includes(words));
    expect([commands, more]).toEqual([expect.any(String), []]);
    const folder = nodeFolder(`etcd-${node}`);
    const script = moved(commands!.replaceAll("staging.example.internal", place.domain), folder);
    write(folder, "bin/systemctl", `#!/bin/bash\necho "$*" >>${folder}/systemctl\n`, 0o700);
    const path = `${folder}/bin:${dirname(binaryOf(tools.etcd, "etcdctl"))}:/usr/bin:/bin`;
    await run("bash", ["-euc", script], { env: { PATH: path } });
  };
  const log = (name: string) => readFileSync(join(root, `${name}.log`), "utf8");
  /** As the image's unit starts its successor: the files of user data, and a blank volume. */
  const blank = () => {
    rmSync(join(nodeFolder(`etcd-${LOST}`), "var/lib/etcd"), { recursive: true });
    furnishMember(LOST);
  };
  const identity = async () => {
    const { stdout } = await etcdctl(["member", "list"]);
    return /^(\w+), \w+, etcd-0,/m.exec(stdout)?.[1];
  };

  test("does not come back under its old identity, and no new cluster is made", async () => {
    await etcdctl(["put", "/kept", "before"]);
    await members[LOST]!.stop();
    blank();
    const successor = await startMember(LOST, "successor");
    expect(await successor.ended).not.toBe("exited with 0");
    expect(log("successor")).toContain("has already been bootstrapped");
  }, 60_000);

  test("takes the data of the others once it is removed, added and told that the cluster exists", async () => {
    // etcd's own condition for a change of its members (HealthInterval), or it answers "unhealthy cluster".
    await waitUntil("the others have been connected for five seconds", async () => {
      if (Date.now() - wellSince < 6_000) throw new Error("not for as long");
    });
    const before = await identity();
    await asDocumented("initial-cluster-state: existing", LOST);
    await asDocumented("etcdctl member remove", 1);
    const joined = await startMember(LOST, "joined");
    await wellMember(LOST, joined);
    expect(await identity()).toMatch(/^\w+$/);
    expect(await identity()).not.toBe(before);
    const own = { ETCDCTL_ENDPOINTS: `https://127.0.0.1:${ports[LOST]?.client}` };
    // Without asking the leader: what this member has itself.
    const { stdout } = await etcdctl(["get", "/kept", "--print-value-only", "--consistency=s"], own);
    expect(stdout).toBe("before\n");
    await etcdctl(["endpoint", "health"]);
  }, 60_000);
});

describe("a controller", () => {
  let folder: string;
  let apiPort: number;
  let api: ManagedProcess;
  const ca = () => readFileSync(join(folder, "etc/kubernetes/pki/ca.crt"), "utf8");
  const as = (name: string) => ({
    ca: ca(),
    cert: readFileSync(join(folder, `etc/kubernetes/pki/${name}.crt`), "utf8"),
    key: readFileSync(join(folder, `etc/kubernetes/pki/${name}.key`), "utf8"),
  });
  const url = (path: string) => `https://127.0.0.1:${apiPort}${path}`;

  beforeAll(async () => {
    aws = await BootAws.start(root, environment.account, environment.region);
    const key = await aws.json<{ KeyMetadata: { Arn: string } }>("kms", "TrentService.CreateKey", {});
    const userData = renderController({
      ...place,
      etcdMembers: 3,
      serviceCidr: "172.20.0.0/16",
      podCidr: "100.64.0.0/16",
      encryptionKeyArn: key.KeyMetadata.Arn,
      admins: environment.access.admins,
      deployer: environment.access.deployer,
      workerRoles: [`${ACCOUNT}:role/worker`],
    });
    folder = furnish(
      "controller",
      userData,
      secretNames.controllers("example", "alpha"),
      "/etc/kubernetes/pki",
    );
    await startEncryptionProvider(folder, aws);
    const state = join(folder, "run/aws-iam-authenticator");
    for (const [from, to] of [
      ["crt", "cert"],
      ["key", "key"],
    ] as const) {
      writeFileSync(
        join(state, `${to}.pem`),
        readFileSync(join(folder, `etc/kubernetes/pki/authenticator.${from}`)),
      );
    }
    // Its port is the same on every node, and here another test may have it.
    const authenticatorPort = await freePort();
    for (const file of ["authenticator.yaml", "authenticator-webhook.yaml"]) {
      const path = join(folder, "etc/kubernetes", file);
      writeFileSync(path, readFileSync(path, "utf8").replaceAll("21362", String(authenticatorPort)));
    }
    const authenticator = await start(
      "aws-iam-authenticator",
      binaryOf(tools.authenticator),
      ["server", ...asArgs(flagsIn(folder, "aws-iam-authenticator"))],
      { AWS_REGION: "us-east-1" },
    );
    await authenticator.ready(
      () => httpGet(`https://127.0.0.1:${authenticatorPort}/healthz`, { ca: ca() }),
      patience,
    );

    apiPort = await freePort();
    api = await start(
      "kube-apiserver",
      binaryOf(tools.kubernetes, "kube-apiserver"),
      asArgs({
        ...flagsIn(folder, "kube-apiserver"),
        "secure-port": apiPort,
        "advertise-address": "10.10.0.10",
        "bind-address": "127.0.0.1",
      }),
    );
    await api.ready(() => httpGet(url("/readyz"), { ca: ca() }), patience);
    for (const name of ["controller-manager", "scheduler"]) {
      const path = join(folder, "etc/kubernetes", `${name}-kubeconfig.yaml`);
      writeFileSync(path, readFileSync(path, "utf8").replace(":6443", `:${apiPort}`));
    }
  }, 120_000);

  test("tells anybody whether it is well, and nothing else", async () => {
    await expect(httpGet(url("/readyz"), { ca: ca() })).resolves.toBe("ok");
    await expect(httpGet(url("/version"), { ca: ca() })).rejects.toThrow("401");
    await expect(httpGet(url("/api"), { ca: ca() })).rejects.toThrow("401");
  });

  test("a token that no role signed is nobody's", async () => {
    const headers = {
      authorization: `Bearer k8s-aws-v1.${Buffer.from("https://example").toString("base64url")}`,
    };
    await expect(httpGet(url("/api"), { ca: ca(), headers })).rejects.toThrow("401");
    expect(readFileSync(join(root, "aws-iam-authenticator.log"), "utf8")).toContain("access denied");
  });

  test.each([
    ["kube-controller-manager", "controller-manager", "namespaces/default/serviceaccounts/default"],
    ["kube-scheduler", "scheduler", "nodes"],
  ])(
    "%s takes its flags and is let in",
    async (program, name, resource) => {
      const port = await freePort();
      const flags = { ...flagsIn(folder, program), "secure-port": port };
      const process = await start(program, binaryOf(tools.kubernetes, program), asArgs(flags));
      await process.ready(
        () => run("curl", ["--silent", "--fail", "--insecure", `https://127.0.0.1:${port}/healthz`]),
        patience,
      );
      await waitUntil(
        `${program} leads`,
        () => httpGet(url(`/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${program}`), as(name)),
        patience,
      );
      await waitUntil(
        "it reads what it needs",
        () => httpGet(url(`/api/v1/${resource}`), as(name)),
        patience,
      );
    },
    120_000,
  );

  test("a Secret is in etcd as the KMS provider made it, and comes back", async () => {
    const key = "/registry/secrets/kube-system/in-the-clear";
    const kubeconfig = join(folder, "etc/kubernetes/controller-manager-kubeconfig.yaml");
    const kubectl = (...args: string[]) => run("kubectl", ["--kubeconfig", kubeconfig, ...args]);
    await kubectl(
      "--namespace=kube-system",
      "create",
      "secret",
      "generic",
      "in-the-clear",
      "--from-literal=a=plain-text",
    );
    const { stdout } = await etcdctl(["get", "--print-value-only", key]);
    expect(stdout.startsWith("k8s:enc:kms:v2:aws-encryption-provider:")).toBe(true);
    expect(stdout).not.toContain("plain-text");
    const read = await kubectl(
      "--namespace=kube-system",
      "get",
      "secret",
      "in-the-clear",
      "--output=jsonpath={.data.a}",
    );
    expect(Buffer.from(read.stdout, "base64").toString()).toBe("plain-text");
  }, 60_000);

  test("the audit log says who made the Secret, and not what is in it", () => {
    const log = readFileSync(join(folder, "var/log/kubernetes/audit.log"), "utf8");
    const made = log
      .trim()
      .split("\n")
      .map(
        (line) =>
          JSON.parse(line) as {
            verb: string;
            level: string;
            user: { username: string };
            objectRef?: { name?: string };
          },
      )
      .filter(({ verb, objectRef }) => verb === "create" && objectRef?.name === "in-the-clear");
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({
      level: "Metadata",
      user: { username: "system:kube-controller-manager" },
    });
    expect(log).not.toContain(Buffer.from("plain-text").toString("base64"));
  });
});
