// A process that writes to a kubeconfig with the compiled operations: `refresh` on demand, or `alternate` until it is killed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [compiled, mode, ...args] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const operation = (name) => require(join(compiled, "operations", "kubeconfig", `${name}.js`));
const { updateFile } = operation("file");
const { merge } = operation("merge");
const { entriesOf } = operation("entries");

/** An environment with clusters, of which one is active. */
function wantedOf(environment, active = "alpha", names = ["alpha", "bravo"]) {
  const clusters = names.map((name) => ({
    ...{ name, kind: "eks", endpoint: `https://${name}.${environment}.example.com`, ca: "QUJD" },
    ...{ version: "1.35", deployer: "arn:aws:iam::111111111111:role/atlantis" },
  }));
  const access = {
    registry: { environment, active, clusters },
    region: "us-east-1",
    credentials: { source: "aws" },
  };
  return {
    entries: entriesOf(access),
    goes: (marker) => marker.environment === environment,
    fallback: () => environment,
  };
}

const refresh = (path, ...wanted) =>
  updateFile(path, (text) => merge(text, wantedOf(...wanted), path).text, { waitMs: 600_000 });

if (mode === "refresh") {
  process.on("message", async ({ path, environments }) => {
    try {
      await Promise.all(environments.map((environment) => refresh(path, environment, "alpha", ["alpha"])));
      process.send({ done: true });
    } catch (error) {
      process.send({ error: String(error) });
    }
  });
  process.send({ ready: true });
} else {
  const [path] = args;
  const made = (text, active) => merge(text, wantedOf("development", active), path).text;
  const alpha = made(readFileSync(path, "utf8"), "alpha");
  const start = performance.now();
  await refresh(path, "development", "alpha");
  const turnMs = performance.now() - start;
  process.send({ versions: [alpha, made(alpha, "bravo")], turnMs });
  for (let turn = 1; ; turn++) {
    await refresh(path, "development", turn % 2 === 0 ? "alpha" : "bravo");
  }
}
