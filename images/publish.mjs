#!/usr/bin/env node
// Makes built images those that new nodes of an account start from: writes their ids to SSM parameters. See docs/images.md.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const usage = `usage: node images/publish.mjs [manifest.json]

Reads the manifest of the last Packer run (images/packer/manifest.json) and, for each image in each of its regions,

1. has EC2 start it with IMDSv2 alone, where the account is the one that built it,
2. writes /skyline/images/<role>/<version>, which nothing ever overwrites,
3. writes /skyline/images/<role>/latest, which environment files name.

Parameters of arm64 images begin with /skyline/images/arm64/. Credentials are the AWS CLI's own: run it
in the account that built the images, then in each of account_ids, as nodes read the parameters of their own account.`;

// The names, which the tests of environment files hold these against.
const parameters = JSON.parse(readFileSync(new URL("parameters.json", import.meta.url), "utf8"));

class Refused extends Error {}

/** The images of the manifest's last run, an image a region. */
function builtImages(file) {
  const { builds, last_run_uuid: run } = JSON.parse(readFileSync(file, "utf8"));
  const last = builds.filter((build) => build.packer_run_uuid === run);
  if (last.length === 0) throw new Refused(`${file}: the last run built nothing`);
  return last.flatMap(({ artifact_id: ids, custom_data: { role, version, architecture } }) => {
    if (!new RegExp(parameters.version).test(version)) {
      throw new Refused(`${file}: ${version} is no version of images; build them with one like 1.35.4-1`);
    }
    return ids.split(",").map((pair) => {
      const [region, id] = pair.split(":");
      return { region, id, role, version, architecture };
    });
  });
}

function aws(region, ...args) {
  return execFileSync("aws", ["--region", region, "--output", "json", ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function publish({ region, id, role, version, architecture }) {
  const name = (which) => parameters.names[architecture].replace("<role>", role).replace("<version>", which);
  // EC2 checks that such a value is an image of this region that this account may start.
  const write = (which, ...rest) =>
    aws(region, "ssm", "put-parameter", "--name", name(which), "--type", "String", "--data-type", "aws:ec2:image",
      "--value", id, "--description", `Skyline ${role} ${version} (${architecture})`, ...rest); // prettier-ignore
  // Only its owner changes an image; those whom it is shared with start it as the owner has said.
  const own = aws(
    region,
    "ec2",
    "describe-images",
    "--owners",
    "self",
    "--filters",
    `Name=image-id,Values=${id}`,
  );
  if (JSON.parse(own).Images.length > 0) {
    aws(region, "ec2", "modify-image-attribute", "--image-id", id, "--imds-support", "v2.0");
  }
  write(version, "--no-overwrite");
  write(parameters.latest, "--overwrite");
  console.log(`${region} ${name(parameters.latest)} = ${id} (${version})`);
}

try {
  const [file = fileURLToPath(new URL("packer/manifest.json", import.meta.url)), ...rest] =
    process.argv.slice(2);
  if (["-h", "--help"].includes(file)) {
    console.log(usage);
  } else if (rest.length > 0) {
    throw new Refused(usage);
  } else {
    builtImages(file).forEach(publish);
  }
} catch (error) {
  // What the AWS CLI refused, it has said itself.
  if (!(error instanceof Refused) && error.status === undefined) throw error;
  if (error instanceof Refused) console.error(error.message);
  process.exitCode = error instanceof Refused ? 2 : 1;
}
