import { execFileSync } from "node:child_process";
import { parse } from "yaml";
import { renderBootstrap, type BootstrapSettings } from "../../../constructs/cluster/eks/bootstrap/bootstrap";
import { renderConsulAgent } from "../../../constructs/cluster/eks/bootstrap/consul-agent";
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

test("a worker registers under its cluster's name while the bridge on it answers", () => {
  expect(JSON.parse(renderConsulAgent(settings("own").consul))).toMatchObject({
    server: false,
    retry_join: ["provider=aws region=us-east-1 tag_key=skyline:consul tag_value=example"],
    services: [
      {
        name: "kubernetes-worker",
        port: 5041,
        meta: { cluster: "alpha" },
        checks: [{ http: "http://127.0.0.1:5044/ready" }],
      },
    ],
  });
});

test("an image of another type is refused", () => {
  expect(() => renderBootstrap({ ...settings("own"), image: "windows" as never })).toThrow(/type windows/);
});

test("a part that contains the boundary is refused", () => {
  expect(() => multipart([{ type: "text/plain", content: "--==SKYLINE-BOUNDARY==" }])).toThrow(
    /contains the boundary/,
  );
});
