import { spawn } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { type RawInstance, catalogue, dialFile, removal } from "../support/mesh-catalogue";
import { type MeshRole } from "../../environment/mesh/node-settings";
import { MeshNode, NODE_CODE } from "../support/mesh-node";
import { seed } from "../support/property";
import { REPOSITORY } from "../support/terraform-project";

// R4: whatever is in Consul, the live configuration is one that NGINX takes, and a service beside it is routed.

jest.setTimeout(600_000);

const CATALOGUES = 1000;

/** Texts that mean something to NGINX, to a template, to a shell or to a path. */
const fragment = fc.constantFrom(
  ...[
    '"',
    "'",
    ";",
    "{",
    "}",
    "\\",
    "$",
    "${",
    "$request_uri",
    "#",
    "\n",
    "\r\n",
    "\t",
    "\0",
    " ",
    "{{",
    "}}",
    "@@",
    "%0a",
  ],
  ...[
    "return 200;",
    "include /etc/passwd;",
    "; } location / { return 200; } #",
    "10.0.0.1",
    "127.0.0.1",
    "../",
    "|",
    "~",
  ],
  ...[
    "*",
    "default",
    "hostnames",
    "volatile",
    "\u2028",
    "\ud800",
    "é",
    "foo",
    "a-b",
    "server",
    "_",
    ".",
    ":",
    "[::1]",
  ],
);
const text = fc.oneof(
  fc.array(fragment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
const name = fc.oneof(
  { weight: 3, arbitrary: label },
  { weight: 2, arbitrary: text },
  fc.constantFrom(
    "default",
    "hostnames",
    "volatile",
    "include",
    "kubernetes",
    "skyline-bridge",
    "kubernetes-worker",
  ),
  fc.constantFrom(
    "mesos",
    "onward",
    "none",
    "local",
    "gateways",
    "a",
    "x".repeat(63),
    "x".repeat(64),
    "constructor",
  ),
);
const value = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }),
);
const address = fc.oneof(
  { weight: 4, arbitrary: fc.ipV4() },
  { weight: 2, arbitrary: fc.ipV6() },
  fc.constantFrom(
    "fe80::1%eth0",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "127.0.0.1",
    "localhost",
    "unix:/tmp/x",
    "10.0.0.1;",
  ),
  fc.constantFrom(
    "169.254.169.254",
    "::ffff:10.0.0.1",
    "010.0.0.1",
    "10.1",
    "[::1]",
    "1.1.1.1/8",
    "１.1.1.1",
  ),
  value,
);
const port = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 65535 }) },
  fc.constantFrom(0, -1, 65536, 80.5, 1e400, "80", true),
  value,
);
const place = fc.record(
  {
    node: fc.oneof(label, value),
    address,
    port,
    id: value,
    cluster: fc.oneof(fc.constantFrom("alpha", "bravo"), value),
    silent: fc.oneof(fc.boolean(), value),
    unchecked: fc.oneof(fc.boolean(), value),
  },
  { requiredKeys: ["address", "port"] },
) as fc.Arbitrary<RawInstance>;
const seconds = fc.oneof(fc.double({ min: 0, max: 4000, noNaN: true }), value);
const settings = fc.oneof(
  fc
    .record(
      {
        timeouts: fc.oneof(
          fc.record({ connect: seconds, read: seconds, send: seconds }, { requiredKeys: [] }),
          value,
        ),
        retries: fc.oneof(fc.constantFrom(0, 1, 2), value),
        limits: fc.oneof(
          fc.record({ connections: fc.oneof(fc.integer({ min: -1, max: 2000000 }), value) }),
          value,
        ),
      },
      { requiredKeys: [] },
    )
    .map((each) => JSON.stringify(each)),
  text,
);
const dial = fc.oneof(
  fc.constantFrom(
    '{"generation":2,"weights":{"alpha":1,"bravo":99}}',
    '{"generation":3,"weights":{"alpha":100}}',
  ),
  fc
    .record({
      generation: value,
      weights: fc.dictionary(fc.oneof(fc.constantFrom("alpha", "bravo", "charlie"), text), value),
    })
    .map((each) => JSON.stringify(each)),
  text,
);
const raw = fc.record({
  services: fc.dictionary(
    name,
    fc.array(fc.oneof({ weight: 5, arbitrary: place }, value as fc.Arbitrary<RawInstance>), { maxLength: 4 }),
    { maxKeys: 6, noNullPrototype: true },
  ),
  workers: fc.array(place, { maxLength: 4 }),
  settings: fc.dictionary(name, settings, { maxKeys: 4, noNullPrototype: true }),
  dial,
  removal: fc.oneof(
    fc.constantFrom(removal(["*"]), '{"services":["*"],"by":"x","why":"y","expires":"2999-01-01T00:00:00Z"}'),
    text,
  ),
  more: fc.array(value, { maxLength: 2 }),
});

const canary = (number: number): [string, number, string] => [
  `10.200.${number >> 8}.${number & 255}`,
  31000,
  "n",
];

test.each<MeshRole>(["gateway", "mesos"])("hostile catalogues on a node of the role %s", async (role) => {
  const node = await MeshNode.create({ role, settings: { address: "10.0.0.1" } });
  try {
    const catalogues = fc.sample(raw, { numRuns: CATALOGUES / 2, seed }).map((each, number) => {
      const [at, on] = canary(number);
      const services = { ...each.services, canary: [{ node: "n", address: at, port: on, id: "c" }] };
      return [catalogue({ ...each, services }), dialFile(each.dial)] as const;
    });
    const answers = await applyAll(node, catalogues);
    expect(answers).toHaveLength(catalogues.length);
    for (const [number, [result, live, refusal, findings]] of answers.entries()) {
      const told = `seed ${seed}, catalogue ${number}: ${findings.join("; ")}`;
      expect([told, result, live, refusal]).toEqual([
        told,
        expect.stringMatching(/installed|unchanged/),
        [canary(number)],
        "",
      ]);
    }
    await node.start();
    expect(await node.serving()).toBe(node.live());
  } finally {
    await node.close();
  }
});

type Answer = [result: string, canary: unknown, refusal: string, findings: string[]];

function applyAll(node: MeshNode, catalogues: readonly (readonly [string, string])[]): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const program = join(REPOSITORY, "test", "support", "mesh-apply-many.py");
    const child = spawn("/usr/bin/python3", [program, NODE_CODE, node.file], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    let [out, said] = ["", ""];
    child.stdout.on("data", (data) => (out += String(data)));
    child.stderr.on("data", (data) => (said = (said + String(data)).slice(-5000)));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0
        ? resolve(
            out
              .trim()
              .split("\n")
              .map((line) => JSON.parse(line) as Answer),
          )
        : reject(new Error(`ended with ${code}: ${said}`)),
    );
    child.stdin.end(catalogues.map((each) => `${JSON.stringify(each)}\n`).join(""));
  });
}
