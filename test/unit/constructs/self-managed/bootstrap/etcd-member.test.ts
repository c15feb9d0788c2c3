import { parse } from "yaml";
import { renderEtcdMember } from "../../../../../constructs/cluster/self-managed/bootstrap/etcd-member";
import { runUserData, variablesOf } from "../../../../support/user-data";
import { member } from "./fixture";

const run = runUserData(renderEtcdMember(member));
const host = (index: number) => `etcd-${index}.alpha.development.example.internal`;
const etcd = parse(run.files["/etc/etcd/etcd.yaml"]?.content ?? "") as Record<string, unknown>;

test("it writes three files and starts its target", () => {
  expect(Object.entries(run.files).map(([path, { mode, owner }]) => [path, mode, owner])).toEqual([
    ["/etc/skyline/node.env", "0644", "root:root"],
    ["/etc/etcd/etcd.yaml", "0640", "root:etcd"],
    ["/etc/etcd/etcdctl.env", "0644", "root:root"],
  ]);
  expect(run.units).toEqual(["daemon-reload", "enable --now --no-block skyline-etcd.target"]);
});

test("units know the member, what outlives its instance, its secret and how it leaves", () => {
  expect(variablesOf(run.files["/etc/skyline/node.env"]?.content ?? "")).toEqual({
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
    SKYLINE_ENVIRONMENT: "development",
    SKYLINE_CLUSTER: "alpha",
    SKYLINE_CLUSTER_ID: "development-alpha",
    SKYLINE_ROLE: "etcd",
    SKYLINE_SECRETS: "skyline/development/alpha/etcd-1:/etc/etcd/pki:etcd",
    SKYLINE_GROUP: "development-alpha-etcd-1",
    SKYLINE_LIFECYCLE_HOOK: "leave",
    SKYLINE_LEAVE_LIMIT: "1234",
    SKYLINE_MEMBER: "etcd-1",
    SKYLINE_OWN_ENDPOINT: `https://${host(1)}:2379`,
    SKYLINE_OTHER_ENDPOINTS: `https://${host(0)}:2379,https://${host(2)}:2379`,
    SKYLINE_VOLUME_ID: "@@VOLUME@@",
    SKYLINE_INTERFACE_ID: "@@INTERFACE@@",
    SKYLINE_ADDRESS: "@@ADDRESS@@",
    SKYLINE_SNAPSHOT_BUCKET: "development-alpha-snapshots",
    SKYLINE_SNAPSHOT_KEY_ARN: "@@KEY@@",
  });
});

test("it listens on its own interface, is called by its name, and shows metrics to its host alone", () => {
  expect(etcd).toMatchObject({
    name: "etcd-1",
    "listen-client-urls": "https://@@ADDRESS@@:2379,https://127.0.0.1:2379",
    "listen-peer-urls": "https://@@ADDRESS@@:2380",
    "advertise-client-urls": `https://${host(1)}:2379`,
    "initial-advertise-peer-urls": `https://${host(1)}:2380`,
    "listen-metrics-urls": "http://127.0.0.1:2381",
  });
});

test("its data is on the volume, and is what a new cluster is made of only while it is empty", () => {
  expect(etcd).toMatchObject({
    "data-dir": "/var/lib/etcd/data",
    "initial-cluster": [0, 1, 2].map((index) => `etcd-${index}=https://${host(index)}:2380`).join(","),
    "initial-cluster-state": "new",
    "initial-cluster-token": "development-alpha",
    "strict-reconfig-check": true,
  });
});

test("clients and peers show certificates; a peer shows one of a member", () => {
  expect(etcd["client-transport-security"]).toEqual({
    "cert-file": "/etc/etcd/pki/server.crt",
    "key-file": "/etc/etcd/pki/server.key",
    "client-cert-auth": true,
    "trusted-ca-file": "/etc/etcd/pki/etcd-ca.crt",
  });
  expect(etcd["peer-transport-security"]).toEqual({
    "cert-file": "/etc/etcd/pki/peer.crt",
    "key-file": "/etc/etcd/pki/peer.key",
    "client-cert-auth": true,
    "trusted-ca-file": "/etc/etcd/pki/etcd-ca.crt",
    "allowed-hostname": [0, 1, 2].map(host),
    "skip-client-san-verification": true,
  });
});

test("five members know each other", () => {
  const five = runUserData(renderEtcdMember({ ...member, members: 5, index: 4 }));
  const configuration = parse(five.files["/etc/etcd/etcd.yaml"]?.content ?? "") as Record<string, string>;
  expect(configuration["initial-cluster"]?.split(",")).toHaveLength(5);
  expect(configuration["name"]).toBe("etcd-4");
});

test("etcdctl asks every member", () => {
  expect(variablesOf(run.files["/etc/etcd/etcdctl.env"]?.content ?? "")).toEqual({
    ETCDCTL_ENDPOINTS: [0, 1, 2].map((index) => `https://${host(index)}:2379`).join(","),
    ETCDCTL_CACERT: "/etc/etcd/pki/etcd-ca.crt",
    ETCDCTL_CERT: "/etc/etcd/pki/client.crt",
    ETCDCTL_KEY: "/etc/etcd/pki/client.key",
  });
});
