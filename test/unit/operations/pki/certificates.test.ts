import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initIn } from "../../../../operations/pki/init";
import { environmentWith, MemoryStore } from "./memory-store";

/** What is issued, read back by readers that have not written it: Node's OpenSSL, and the openssl command. */

jest.setTimeout(60_000);

const now = new Date("2026-03-01T12:00:00Z");
const alpha = (part: string) => `skyline/complete/alpha/${part}`;
const consul = (part: string) => `skyline/complete/consul/${part}`;
const store = new MemoryStore();
let folder: string;

beforeAll(async () => {
  await initIn(store, environmentWith(), { now });
  folder = mkdtempSync(join(tmpdir(), "skyline-pki-"));
  for (const [name, authority] of [
    [alpha("authorities"), "ca"],
    [alpha("authorities"), "etcd-ca"],
    [alpha("authorities"), "front-proxy-ca"],
    [consul("authority"), "ca"],
  ] as const) {
    writeFileSync(fileOf(name, authority), text(name, `${authority}.crt`));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const text = (secret: string, file: string) => store.files(secret)[file] ?? "";
const certificate = (secret: string, name: string) => new X509Certificate(text(secret, `${name}.crt`));
const fileOf = (secret: string, name: string) => join(folder, `${secret.replaceAll("/", "-")}-${name}.pem`);

const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";
const etcdNames = (index: number) => [
  `DNS:etcd-${index}.alpha.complete.example.internal`,
  "DNS:localhost",
  "IP Address:127.0.0.1",
];
const etcd = (index: number) =>
  [
    [
      alpha(`etcd-${index}`),
      "server",
      alpha("authorities"),
      "etcd-ca",
      `CN=etcd-${index}`,
      [SERVER, CLIENT],
      etcdNames(index),
    ],
    [
      alpha(`etcd-${index}`),
      "peer",
      alpha("authorities"),
      "etcd-ca",
      `CN=etcd-${index}`,
      [SERVER, CLIENT],
      etcdNames(index),
    ],
    [alpha(`etcd-${index}`), "client", alpha("authorities"), "etcd-ca", `CN=etcd-${index}`, [CLIENT], []],
  ] as const;
const controllers = (
  name: string,
  authority: string,
  subject: string,
  usages: readonly string[],
  names: readonly string[] = [],
) => [alpha("controllers"), name, alpha("authorities"), authority, subject, usages, names] as const;

const leaves = [
  ...[0, 1, 2].flatMap((index) => etcd(index)),
  controllers("etcd-client", "etcd-ca", "CN=kube-apiserver-etcd-client", [CLIENT]),
  controllers(
    "apiserver",
    "ca",
    "CN=kube-apiserver",
    [SERVER],
    [
      "DNS:api.alpha.complete.example.internal",
      "DNS:api.complete.example.internal",
      "DNS:kubernetes",
      "DNS:kubernetes.default",
      "DNS:kubernetes.default.svc",
      "DNS:kubernetes.default.svc.cluster.local",
      "DNS:localhost",
      "IP Address:127.0.0.1",
      "IP Address:172.20.0.1",
    ],
  ),
  controllers("kubelet-client", "ca", "O=skyline:kubelet-clients\nCN=kube-apiserver-kubelet-client", [
    CLIENT,
  ]),
  controllers("front-proxy-client", "front-proxy-ca", "CN=front-proxy-client", [CLIENT]),
  controllers("controller-manager", "ca", "CN=system:kube-controller-manager", [CLIENT]),
  controllers("scheduler", "ca", "CN=system:kube-scheduler", [CLIENT]),
  controllers(
    "authenticator",
    "ca",
    "CN=aws-iam-authenticator",
    [SERVER],
    ["DNS:localhost", "IP Address:127.0.0.1"],
  ),
  [
    consul("servers"),
    "server",
    consul("authority"),
    "ca",
    "CN=server.complete.consul",
    [SERVER, CLIENT],
    ["DNS:server.complete.consul", "DNS:localhost", "IP Address:127.0.0.1"],
  ],
] as const;

describe.each(leaves)("%s %s.crt", (secret, name, authoritySecret, authority, subject, usages, names) => {
  test("stands for its subject and its names, for its usages alone", () => {
    const found = certificate(secret, name);
    expect(found.subject).toBe(subject);
    expect(found.subjectAltName?.split(", ") ?? []).toEqual(names);
    expect(found.keyUsage).toEqual(usages);
    expect(found.ca).toBe(false);
  });

  test("is ECDSA P-256, has its own key, and holds 397 days from a little before it was issued", () => {
    const found = certificate(secret, name);
    const key = createPrivateKey(text(secret, `${name}.key`));
    expect(found.checkPrivateKey(key)).toBe(true);
    expect(key.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    expect(Date.parse(found.validFrom)).toBe(now.getTime() - 5 * 60_000);
    expect(Date.parse(found.validTo) - Date.parse(found.validFrom)).toBe(397 * 86_400_000);
  });

  test("is verified by openssl for each of its usages, and by no other authority", () => {
    const file = join(folder, "leaf.pem");
    writeFileSync(file, text(secret, `${name}.crt`));
    const verify = (trusted: string, purpose: string) =>
      execFileSync(
        "openssl",
        [
          "verify",
          "-x509_strict",
          "-no-CApath",
          "-no-CAstore",
          "-purpose",
          purpose,
          "-attime",
          String(now.getTime() / 1000),
          "-CAfile",
          trusted,
          file,
        ],
        {
          encoding: "utf8",
          stdio: "pipe",
        },
      );
    const purposes = { [SERVER]: "sslserver", [CLIENT]: "sslclient" };
    for (const [usage, purpose] of Object.entries(purposes)) {
      if ((usages as readonly string[]).includes(usage)) {
        expect(verify(fileOf(authoritySecret, authority), purpose)).toBe(`${file}: OK\n`);
      } else {
        expect(() => verify(fileOf(authoritySecret, authority), purpose)).toThrow(
          /unsuitable certificate purpose|unsupported certificate purpose/i,
        );
      }
    }
    const foreign = authority === "front-proxy-ca" ? "ca" : "front-proxy-ca";
    expect(() => verify(fileOf(alpha("authorities"), foreign), "any")).toThrow(/unable to get local issuer/);
  });
});

test("no certificate is issued that is not listed above", () => {
  const issued = [...store.secrets.keys()].flatMap((secret) =>
    Object.keys(store.files(secret))
      .filter((file) => file.endsWith(".crt") && !/(^|-)ca\.crt$/.test(file))
      .map((file) => `${secret} ${file}`),
  );
  expect(issued.sort()).toEqual(leaves.map(([secret, name]) => `${secret} ${name}.crt`).sort());
});

describe.each([
  [alpha("authorities"), "ca", "CN=complete-alpha-kubernetes-ca"],
  [alpha("authorities"), "etcd-ca", "CN=complete-alpha-etcd-ca"],
  [alpha("authorities"), "front-proxy-ca", "CN=complete-alpha-front-proxy-ca"],
  [consul("authority"), "ca", "CN=complete-consul-ca"],
])("authority %s %s", (secret, name, subject) => {
  test("signs itself with its own key, for ten years", () => {
    const found = certificate(secret, name);
    expect(found.subject).toBe(subject);
    expect(found.checkIssued(found) && found.verify(found.publicKey) && found.ca).toBe(true);
    expect(found.checkPrivateKey(createPrivateKey(text(secret, `${name}.key`)))).toBe(true);
    expect(new Date(found.validTo).toISOString()).toBe("2036-03-01T11:55:00.000Z");
  });

  test("may sign certificates, and no authority below it", () => {
    const shown = execFileSync(
      "openssl",
      ["x509", "-noout", "-ext", "basicConstraints,keyUsage", "-in", fileOf(secret, name)],
      { encoding: "utf8" },
    );
    expect(shown).toMatch(/Basic Constraints: critical\n\s+CA:TRUE, pathlen:0\n/);
    expect(shown).toMatch(/Key Usage: critical\n\s+Certificate Sign, CRL Sign\n/);
  });
});

test("no two keys and no two serial numbers are the same", () => {
  const certificates = leaves.map(([secret, name]) => certificate(secret, name));
  expect(new Set(certificates.map(({ serialNumber }) => serialNumber)).size).toBe(leaves.length);
  expect(
    new Set(certificates.map(({ publicKey }) => publicKey.export({ type: "spki", format: "pem" }))).size,
  ).toBe(leaves.length);
});

test("the service account's key is RSA, and its public key is its own", () => {
  const key = createPrivateKey(text(alpha("controllers"), "service-account.key"));
  expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
  const derived = execFileSync("openssl", ["pkey", "-pubout"], {
    input: text(alpha("controllers"), "service-account.key"),
    encoding: "utf8",
  });
  expect(text(alpha("controllers"), "service-account.pub")).toBe(derived);
});

test("what secrets share is the same in each", () => {
  const shared = (file: string, ...secrets: string[]) =>
    new Set(secrets.map((secret) => text(secret, file))).size;
  expect(shared("ca.crt", alpha("authorities"), alpha("controllers"))).toBe(1);
  expect(shared("ca.key", alpha("authorities"), alpha("controllers"))).toBe(1);
  expect(
    shared(
      "etcd-ca.crt",
      alpha("authorities"),
      alpha("controllers"),
      ...[0, 1, 2].map((index) => alpha(`etcd-${index}`)),
    ),
  ).toBe(1);
  expect(
    shared("gossip.key", consul("servers"), consul("gateways"), consul("workers"), consul("mesos")),
  ).toBe(1);
  expect(
    shared("ca.crt", ...["authority", "servers", "gateways", "workers", "mesos"].map((part) => consul(part))),
  ).toBe(1);
  expect(text(consul("gateways"), "agent.token")).toBe(text(consul("servers"), "gateway.token"));
  expect(text(consul("workers"), "agent.token")).toBe(text(consul("servers"), "worker.token"));
  expect(text(consul("mesos"), "agent.token")).toBe(text(consul("servers"), "mesos.token"));
  expect(text(consul("mesos"), "services.token")).toBe(text(consul("servers"), "mesos-services.token"));
  expect(Buffer.from(text(consul("servers"), "gossip.key"), "base64")).toHaveLength(32);
  expect(text(consul("operators"), "operator.token")).toBe(text(consul("servers"), "operator.token"));
  const names = ["management", "server-agent", "gateway", "worker", "mesos", "mesos-services", "operator"];
  const tokens = names.map((name) => text(consul("servers"), `${name}.token`));
  expect(new Set(tokens).size).toBe(7);
});

test("each instance's secret has its own files alone: no authority's key but the controllers', who sign with it", () => {
  const keys = Object.fromEntries(
    [...store.secrets.keys()].map((secret) => [secret, Object.keys(store.files(secret)).sort()]),
  );
  expect(keys).toEqual({
    [alpha("authorities")]: [
      "ca.crt",
      "ca.key",
      "etcd-ca.crt",
      "etcd-ca.key",
      "front-proxy-ca.crt",
      "front-proxy-ca.key",
    ],
    ...Object.fromEntries(
      [0, 1, 2].map((index) => [
        alpha(`etcd-${index}`),
        ["client.crt", "client.key", "etcd-ca.crt", "peer.crt", "peer.key", "server.crt", "server.key"],
      ]),
    ),
    [alpha("controllers")]: [
      ..."apiserver authenticator controller-manager etcd-client front-proxy-client kubelet-client scheduler"
        .split(" ")
        .flatMap((name) => [`${name}.crt`, `${name}.key`]),
      "ca.crt",
      "ca.key",
      "etcd-ca.crt",
      "front-proxy-ca.crt",
      "service-account.key",
      "service-account.pub",
    ].sort(),
    [consul("authority")]: ["ca.crt", "ca.key"],
    [consul("servers")]: [
      "ca.crt",
      "gateway.token",
      "gossip.key",
      "management.token",
      "mesos-services.token",
      "mesos.token",
      "operator.token",
      "server-agent.token",
      "server.crt",
      "server.key",
      "worker.token",
    ],
    [consul("gateways")]: ["agent.token", "ca.crt", "gossip.key"],
    [consul("workers")]: ["agent.token", "ca.crt", "gossip.key"],
    [consul("mesos")]: ["agent.token", "ca.crt", "gossip.key", "services.token"],
    [consul("operators")]: ["operator.token"],
  });
});

test("the parameter is base64 of the Kubernetes authority's certificate", () => {
  const value = store.parameters.get("/skyline/complete/authorities/alpha") ?? "";
  expect(Buffer.from(value, "base64").toString()).toBe(text(alpha("authorities"), "ca.crt"));
});
