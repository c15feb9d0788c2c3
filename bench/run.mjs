#!/usr/bin/env node
// Runs a benchmark by its name. See README.md.
import { UsageError } from "./errors.mjs";

const benchmarks = {
  dial: "./dial/benchmark.mjs",
  kubeconfig: "./kubeconfig/benchmark.mjs",
  mesh: "./mesh/benchmark.mjs",
  review: "./review/benchmark.mjs",
  synth: "./synth/benchmark.mjs",
};
const [name, ...options] = process.argv.slice(2);

try {
  if (!Object.hasOwn(benchmarks, name ?? "")) {
    const known = Object.keys(benchmarks).join(", ");
    throw new UsageError(
      `${name === undefined ? "no benchmark named" : `${name}: no such benchmark`}; there is ${known}`,
    );
  }
  const { run } = await import(benchmarks[name]);
  await run(options);
} catch (error) {
  console.error(error instanceof Error && error.expected ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
