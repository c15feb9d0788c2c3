#!/usr/bin/env node
// Builds the Go programs that tests and the local environment run, each once, into a cache. See README.md.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ToolError, make } from "./make.mjs";
import { readTool, toolNames } from "./go-module.mjs";

const usage = `usage: node tools/build.mjs [--where] [name…]

Builds the named tools, or all of them: ${toolNames().join(", ")}.

--where   build nothing: print as JSON where each tool is, and whether it is built`;

async function main(args) {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    return 0;
  }
  const known = ["--where", ...toolNames()];
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined) {
    console.error(`${unknown}: no such ${unknown.startsWith("-") ? "option" : "tool"}\n\n${usage}`);
    return 2;
  }
  const named = args.filter((arg) => arg !== "--where");
  const tools = (named.length > 0 ? named : toolNames()).map(readTool);
  if (args.includes("--where")) {
    console.log(JSON.stringify(tools.map(where), undefined, 2));
    return 0;
  }
  for (const tool of tools) {
    const started = performance.now();
    const how = await make(tool);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${tool.name} ${tool.version}: ${how} in ${seconds} s: ${join(tool.directory, "bin")}`);
  }
  return 0;
}

/** What tests and other scripts read: they never work out a place in the cache themselves. */
function where(tool) {
  const { name, version, directory, binaries } = tool;
  const paths = Object.keys(binaries).map((binary) => [binary, join(directory, "bin", binary)]);
  return { name, version, built: existsSync(directory), directory, binaries: Object.fromEntries(paths) };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
