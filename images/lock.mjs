#!/usr/bin/env node
// Records what artefacts.yaml names: downloads each artefact and writes its SHA-256 to the lock. See docs/images.md.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isScalar, parse, parseDocument } from "yaml";

const usage = `usage: node images/lock.mjs [--check] [--base-url URL] [--architecture amd64|arm64] [--lock FILE] [name…]

Downloads the named artefacts, or all of them, and records the SHA-256 of those that the lock does not have.
It never changes a checksum that is there: take the line out first, when you know why it has to change.

--check         compare with the lock, and record nothing: exit 3 when something is missing or differs
--base-url      your own place of artefacts, in the layout of docs/images.md; without it, upstream
--architecture  one of the two alone`;

const ARCHITECTURES = ["amd64", "arm64"];
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

class Refused extends Error {}

function readOptions(args) {
  const options = {
    check: { type: "boolean", default: false },
    "base-url": { type: "string", default: "" },
    architecture: { type: "string", multiple: true, default: ARCHITECTURES },
    lock: { type: "string", default: here("artefacts.lock.yaml") },
    help: { type: "boolean", short: "h", default: false },
  };
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const strange = values.architecture.find((architecture) => !ARCHITECTURES.includes(architecture));
    if (strange !== undefined) throw new Refused(`${strange}: no such architecture`);
    return { ...values, base: values["base-url"].replace(/\/+$/, ""), names: positionals };
  } catch (error) {
    throw new Refused(`${error.message}\n\n${usage}`);
  }
}

/** Where an artefact is, or why it is nowhere. The layout is that of ansible/library/artefacts.py. */
function address(name, { version, url, build }, architecture, base) {
  if (build !== undefined) {
    return base === "" ? undefined : `${base}/${name}/${version}/${architecture}/${name}`;
  }
  const upstream = url.replaceAll("{version}", version).replaceAll("{arch}", architecture);
  return base === "" ? upstream : `${base}/${upstream.replace("https://", "")}`;
}

async function download(url) {
  const answer = await fetch(url).catch((error) => {
    throw new Refused(`${url}: ${error.cause?.message ?? error.message}`);
  });
  if (!answer.ok) throw new Refused(`${url}: ${answer.status} ${answer.statusText}`);
  const digest = createHash("sha256");
  for await (const block of answer.body) digest.update(block);
  return digest.digest("hex");
}

async function main(args) {
  const options = readOptions(args);
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const { artefacts } = parse(readFileSync(here("artefacts.yaml"), "utf8"));
  const unknown = options.names.find((name) => !(name in artefacts));
  if (unknown !== undefined) throw new Refused(`${unknown}: no such artefact in artefacts.yaml`);
  const names = options.names.length > 0 ? options.names : Object.keys(artefacts);
  const wanted = names.flatMap((name) =>
    options.architecture.map((architecture) => ({ name, architecture })),
  );
  const lock = parseDocument(readFileSync(options.lock, "utf8"));
  let differences = 0;
  for (const { name, architecture } of wanted) {
    const key = `${name}/${artefacts[name].version}/${architecture}`;
    const url = address(name, artefacts[name], architecture, options.base);
    const known = lock.get(key);
    if (url === undefined) {
      // Not a difference: nobody but your own base URL has it.
      console.error(`${key}: upstream publishes none; build it, and give --base-url`);
      continue;
    }
    if (known !== undefined && !options.check) continue;
    const actual = await download(url);
    if (known === actual) {
      console.log(`${key}: as recorded`);
    } else if (known === undefined && !options.check) {
      lock.set(key, actual);
      sort(lock);
      writeFileSync(options.lock, lock.toString({ lineWidth: 0 }));
      console.log(`${key}: ${actual}, recorded`);
    } else {
      differences++;
      console.error(`${key}: ${url} has ${actual}, and the lock ${known ?? "nothing"}`);
    }
  }
  return differences > 0 ? 3 : 0;
}

const sort = (lock) => lock.contents.items.sort((a, b) => (text(a) < text(b) ? -1 : 1));
const text = ({ key }) => (isScalar(key) ? key.value : key);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
