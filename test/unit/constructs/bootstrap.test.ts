import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { renderBootstrap, type BootstrapSettings } from "../../../constructs/cluster/eks/bootstrap/bootstrap";
import { renderConsulAgent } from "../../../constructs/cluster/consul-agent/agent";
import { multipart } from "../../../constructs/cluster/eks/bootstrap/multipart";

const settings = (image: BootstrapSettings["image"]): BootstrapSettings => ({
  image,
  node: {
    clusterName: "example-alpha",
    endpoint: "https://api.example",
    certificateAuthority: "Q0E=",
    serviceCidr: "172.20.0.0/16",
    maxPods: 110,
    labels: { team: "payments" },
  },
  consul: { environment: "example", region: "us-east-1", clusterName: "alpha" },
});

/** Reads user data with Python's MIME parser, a reader that is not ours, as cloud-init does. */
function partsOf(userData: string): { type: string; content: string }[] {
  const script = `
import email, json, sys
message = email.message_from_string(sys.stdin.read())
assert message.is_multipart(), "not multipart"
print(json.dumps([{"type": p.get_content_type(), "content": p.get_payload()} for p in message.get_payload()]))`;
  return JSON.parse(execFileSync("python3", ["-c", script], { input: userData, encoding: "utf8" })) as {
    type: string;
    content: string;
  }[];
}

const nodeConfigOf = (image: BootstrapSettings["image"]) => {
  const [first] = partsOf(renderBootstrap(settings(image)));
  expect(first?.type).toBe("application/node.eks.aws");
  return parse(first?.content ?? "") as { apiVersion: string; kind: string; spec: unknown };
};
const scriptOf = (image: BootstrapSettings["image"]) => {
  const [, second] = partsOf(renderBootstrap(settings(image)));
  expect(second?.type).toBe("text/x-shellscript");
  return second?.content ?? "";
};

test("a stock node is told its pods alone: its group tells it the cluster", () => {
  expect(nodeConfigOf("al2023")).toEqual({
    apiVersion: "node.eks.aws/v1alpha1",
    kind: "NodeConfig",
    spec: { kubelet: { config: { maxPods: 110 } } },
  });
});

test("an own image is told everything: its group adds nothing", () => {
  expect(nodeConfigOf("own").spec).toEqual({
    cluster: {
      name: "example-alpha",
      apiServerEndpoint: "https://api.example",
      certificateAuthority: "Q0E=",
      cidr: "172.20.0.0/16",
    },
    kubelet: { config: { maxPods: 110 }, flags: ["--node-labels=team=payments"] },
  });
});

test.each(["al2023", "own"] as const)(
  "the script of %s is one that bash reads, and leaves nothing to Terraform",
  (image) => {
    const script = scriptOf(image);
    execFileSync("bash", ["-n"], { input: script });
    expect(script.startsWith("#!/bin/bash\n")).toBe(true);
    expect(script).not.toMatch(/[$%]\{/);
  },
);

test("only the stock image installs the Consul agent, by version and with its signature checked", () => {
  expect(scriptOf("al2023")).toMatch(/dnf install -y --enablerepo=hashicorp consul-\d+\.\d+\.\d+/);
  expect(scriptOf("al2023")).toContain("gpgcheck=1");
  expect(scriptOf("own")).not.toContain("dnf");
});

test.each(["al2023", "own"] as const)(
  "the script of %s writes the agent's configuration as it is",
  (image) => {
    const written = /<<'CONSUL'\n([\s\S]*?)CONSUL\n/.exec(scriptOf(image))?.[1];
    expect(written).toBe(renderConsulAgent(settings(image).consul));
  },
);

test("an own image's units are told where the workers' secret is, and the script holds none", () => {
  const environment = /<<'NODE'\n([\s\S]*?)NODE\n/.exec(scriptOf("own"))?.[1];
  expect(environment).toBe(`AWS_REGION=us-east-1
AWS_DEFAULT_REGION=us-east-1
SKYLINE_ENVIRONMENT=example
SKYLINE_CLUSTER=alpha
SKYLINE_ROLE=worker
SKYLINE_SECRETS="skyline/example/consul/workers:/etc/consul.d/pki:consul"
`);
});

test("on the stock image the secret becomes the authority's file, gossip key, token and node name", () => {
  const folder = mkdtempSync(join(tmpdir(), "skyline-bootstrap-"));
  try {
    mkdirSync(join(folder, "etc/consul.d/pki"), { recursive: true });
    mkdirSync(join(folder, "var/lib/cloud/data"), { recursive: true });
    writeFileSync(join(folder, "var/lib/cloud/data/instance-id"), "i-0123\n");
    const [script] = /aws secretsmanager[\s\S]*?\nPYTHON\n\)"\n/.exec(scriptOf("al2023")) ?? [];
    const secret = { "ca.crt": "the authority\n", "gossip.key": "gossip\n", "agent.token": "token\n" };
    // The AWS CLI is a function here: what it was asked is written down, and the secret is its answer.
    const stub = 'set -euo pipefail\naws() { echo "$*" > "$FOLDER/asked"; printf %s "$SECRET"; }\n';
    execFileSync("bash", ["-c", stub + script?.replace(/"\/(etc|var)\//g, `"${folder}/$1/`)], {
      env: { ...process.env, FOLDER: folder, SECRET: JSON.stringify(secret) },
    });
    const read = (path: string) => readFileSync(join(folder, path), "utf8");
    expect(read("asked")).toBe(
      "secretsmanager get-secret-value --region us-east-1 --secret-id skyline/example/consul/workers --query SecretString --output text\n",
    );
    expect(read("etc/consul.d/pki/ca.crt")).toBe("the authority\n");
    expect(JSON.parse(read("etc/consul.d/secrets.json"))).toEqual({
      node_name: "worker-i-0123",
      encrypt: "gossip",
      acl: { tokens: { agent: "token", config_file_service_registration: "token" } },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("an image of another type is refused", () => {
  expect(() => renderBootstrap({ ...settings("own"), image: "windows" as never })).toThrow(/type windows/);
});

test("a part that contains the boundary is refused", () => {
  expect(() => multipart([{ type: "text/plain", content: "--==SKYLINE-BOUNDARY==" }])).toThrow(
    /contains the boundary/,
  );
});
