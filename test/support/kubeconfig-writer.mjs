// A process that writes to a kubeconfig with the compiled operations: `refresh` on demand, or `alternate` until it is killed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [compiled, mode, ...args] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const operation = (name) => require(join(compiled, "operations", "kubeconfig", `${name}.js`));

if (mode === "refresh") {
  const { refresh } = operation("refresh");
  process.on("message", async ({ path, environment, endpoint }) => {
    const wanted = { name: environment, region: "us-east-1", credentials: { source: "aws" } };
    const credentials = { accessKeyId: "emulated", secretAccessKey: "emulated" };
    try {
      await refresh([wanted], { path, mode: "write", prune: false, endpoint, credentials });
      process.send({ done: true });
    } catch (error) {
      process.send({ error: String(error) });
    }
  });
  process.send({ ready: true });
} else {
  await alternate(...args);
}

/** Says what the two texts are that it alternates between, and how long it took to write one of them. */
async function alternate(path) {
  const { updateFile } = operation("file");
  const { merge } = operation("merge");
  const made = (text, active) => merge(text, wantedOf(active), path).text;
  const write = (active) => updateFile(path, (text) => made(text, active), { waitMs: 600_000 });
  const alpha = made(readFileSync(path, "utf8"), "alpha");
  const start = performance.now();
  await write("alpha");
  const turnMs = performance.now() - start;
  process.send({ versions: [alpha, made(alpha, "bravo")], turnMs });
  for (let turn = 1; ; turn++) {
    await write(turn % 2 === 0 ? "alpha" : "bravo");
  }
}

/** An environment with two clusters, of which one is active. */
function wantedOf(active) {
  const { entriesOf } = operation("entries");
  const clusters = ["alpha", "bravo"].map((name) => ({
    ...{ name, kind: "eks", endpoint: `https://${name}.development.example.com`, ca: "QUJD" },
    ...{ version: "1.35", deployer: "arn:aws:iam::111111111111:role/atlantis" },
  }));
  const registry = { environment: "development", active, clusters };
  return {
    entries: entriesOf({ registry, region: "us-east-1", credentials: { source: "aws" } }),
    goes: ({ environment }) => environment === "development",
    fallback: () => "development",
  };
}
