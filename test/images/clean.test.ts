import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { baseRoot } from "../support/image-base";
import { inRoot } from "../support/image-roots";

jest.setTimeout(900_000);

const IMAGES = join(__dirname, "..", "..", "images");
let folder: string;
let root: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skyline-clean-"));
  root = join(folder, "root");
  await promisify(execFile)("cp", ["-a", "--reflink=auto", await baseRoot(IMAGES), root]);
  await writeFile(join(root, "usr", "bin", "cloud-init"), "#!/bin/sh\n", { mode: 0o755 });
  await cp(join(IMAGES, "packer", "clean.sh"), join(root, "tmp", "script.sh"));
});
afterEach(() => rm(folder, { recursive: true }));

test("the user that Packer logs in as is gone, while it runs something, and so are its rights", async () => {
  await mkdir(join(root, "etc", "sudoers.d"), { recursive: true });
  await writeFile(join(root, "etc", "sudoers.d", "90-cloud-init-users"), "admin ALL=(ALL) NOPASSWD:ALL\n");
  const session = "useradd --create-home admin && setpriv --reuid admin --clear-groups sleep 60 & sleep=$!";
  await inRoot(root, ["sh", "-ec", `${session}; sleep 1; bash /tmp/script.sh; kill $sleep`]);
  for (const file of ["passwd", "shadow", "group"]) {
    expect(readFileSync(join(root, "etc", file), "utf8")).not.toMatch(/^admin:/m);
  }
  expect(existsSync(join(root, "home", "admin"))).toBe(false);
  expect(existsSync(join(root, "etc", "sudoers.d", "90-cloud-init-users"))).toBe(false);
  expect(existsSync(join(root, "tmp", "script.sh"))).toBe(false);
});

test("a build without such a user ends well", async () => {
  await inRoot(root, ["bash", "/tmp/script.sh"]);
  expect(readFileSync(join(root, "etc", "machine-id"), "utf8")).toBe("");
});
