import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../operations/local/python";
import { IMAGE_ROLES } from "../support/image-roots";

jest.setTimeout(300_000);

const IMAGES = join(__dirname, "..", "..", "images");
/** What Debian's Packer 1.6 does not know, and has built in instead. */
const LEFT_OUT = "required-plugins.pkr.hcl";
const VARIABLES = {
  version: "1.35.4-1",
  region: "eu-west-1",
  debian_image: "debian-12-amd64-20260101-1234",
  subnet_id: "subnet-0123456789abcdef0",
  artefacts_base_url: "https://artefacts.example.com",
};

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skyline-packer-"));
  await cp(IMAGES, join(folder, "images"), { recursive: true });
  await rm(join(folder, "images", "packer", LEFT_OUT));
  // Its Ansible provisioner looks whether there is Ansible.
  const { bin } = await pythonEnvironment(IMAGES);
  path = [bin, process.env.PATH].join(delimiter);
});
afterAll(() => rm(folder, { recursive: true }));

const packer = async (args: readonly string[], variables: Readonly<Record<string, string>> = {}) => {
  const set = Object.entries({ ...VARIABLES, ...variables }).flatMap(([name, value]) => [
    "-var",
    `${name}=${value}`,
  ]);
  const env = { PATH: path, HOME: folder, CHECKPOINT_DISABLE: "1" };
  return promisify(execFile)("packer", [...args, ...set, join(folder, "images", "packer")], { env }).then(
    ({ stdout }) => ({ valid: true, output: stdout }),
    (error: NodeJS.ErrnoException & { stdout: string; stderr: string }) => {
      if (error.code === "ENOENT") throw new Error("install Packer (Debian: apt-get install packer)");
      return { valid: false, output: error.stdout + error.stderr };
    },
  );
};

test.each(["amd64", "arm64"])(
  "Packer finds nothing wrong with the templates for %s",
  async (architecture) => {
    const debian_image = `debian-12-${architecture}-20260101-1234`;
    expect(await packer(["validate"], { architecture, debian_image })).toMatchObject({ valid: true });
  },
);

test("there is an image of each role, by that name, and no other", async () => {
  const text = await readFile(join(IMAGES, "packer", "images.pkr.hcl"), "utf8");
  const names = [...text.matchAll(/^\s+name\s+= "([^"]+)"$/gm)].map(([, name]) => name);
  expect(names.sort()).toEqual([...IMAGE_ROLES].sort());
  for (const role of IMAGE_ROLES) {
    expect(await packer(["validate", `-only=*.${role}`])).toMatchObject({ valid: true });
  }
});

test.each([
  ["a version without its build", { version: "1.35.4" }, "A version is three numbers"],
  ["no version", { version: "" }, "A version is three numbers"],
  ["the newest Debian", { debian_image: "debian-12-amd64-*" }, "Name one image of Debian 12"],
  ["another Debian", { debian_image: "debian-13-amd64-20260101-1234" }, "Name one image of Debian 12"],
  ["an architecture that EC2 has not", { architecture: "riscv64" }, "The architecture is amd64 or arm64"],
  ["artefacts without TLS", { artefacts_base_url: "http://artefacts.example.com" }, "begins with https://"],
])("Packer refuses %s", async (_what, variables: Record<string, string>, reason) => {
  expect(await packer(["validate"], variables)).toEqual({
    valid: false,
    output: expect.stringContaining(reason) as string,
  });
});

test("only the list of plugins is left out, with each at one version", async () => {
  const templates = (await readdir(join(IMAGES, "packer"))).filter((file) => file.endsWith(".pkr.hcl"));
  expect(templates.sort()).toEqual(["images.pkr.hcl", LEFT_OUT, "variables.pkr.hcl"].sort());
  const text = await readFile(join(IMAGES, "packer", LEFT_OUT), "utf8");
  expect([...text.matchAll(/^(\w+)/gm)].map(([, block]) => block)).toEqual(["packer"]);
  expect(text.match(/^\s+version\s+= "\d+\.\d+\.\d+"$/gm)).toHaveLength(2);
});

test("images are not encrypted, by a key that no node may use, and nobody else's Debian is taken", async () => {
  const text = await readFile(join(IMAGES, "packer", "images.pkr.hcl"), "utf8");
  expect(text).toMatch(/^\s+encrypt_boot\s+= false$/m);
  expect(text).not.toMatch(/kms_key|encrypted\s+= true/);
  expect(text).toMatch(/^\s+owners\s+= \[local\.debian_account\]$/m);
  expect(text).toMatch(/modify-instance-metadata-options .*--http-tokens required/);
});
