import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { OperationFailure } from "../failure";

const run = promisify(execFile);

/** Version of the AWS provider that the constructs are bound to (@cdktf/provider-aws 20.1.0). */
export const AWS_PROVIDER_VERSION = "5.100.0";

export interface Terraform {
  readonly binary: string;
  readonly version: string;
  /** Folder with the AWS provider, or undefined when Terraform is to ask the registry. */
  readonly mirror: string | undefined;
}

/**
 * The Terraform on PATH, or the one that TERRAFORM_BINARY_NAME names, and a folder with the AWS provider.
 * @throws OperationFailure when there is none, or it is too old
 */
export async function findTerraform(environment: NodeJS.ProcessEnv = process.env): Promise<Terraform> {
  const binary = environment.TERRAFORM_BINARY_NAME ?? "terraform";
  const output = await run(binary, ["version", "-json"], {
    env: { ...environment, CHECKPOINT_DISABLE: "1" },
  }).catch(() => {
    throw new OperationFailure(
      "missing",
      `there is no ${binary} on PATH`,
      "install Terraform 1.11 or newer (or OpenTofu, with TERRAFORM_BINARY_NAME=tofu), then try again",
    );
  });
  const version = (JSON.parse(output.stdout) as { terraform_version: string }).terraform_version;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 1 || (major === 1 && minor < 11)) {
    throw new OperationFailure(
      "missing",
      `${binary} is version ${version}; 1.11 or newer is needed for locks in the state bucket`,
    );
  }
  return { binary, version, mirror: findMirror(environment) };
}

const PLUGIN = join("registry.terraform.io", "hashicorp", "aws");

/** SKYLINE_TF_MIRROR, the folders that Terraform itself looks into, and each folder below /opt. */
export function findMirror(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const home = environment.HOME ?? homedir();
  const below = (folder: string) => {
    try {
      return readdirSync(folder).map((name) => join(folder, name));
    } catch {
      return [];
    }
  };
  const candidates = [
    ...(environment.SKYLINE_TF_MIRROR === undefined ? [] : [environment.SKYLINE_TF_MIRROR]),
    join(home, ".terraform.d", "plugins"),
    join(environment.XDG_DATA_HOME ?? join(home, ".local", "share"), "terraform", "plugins"),
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    ...below("/opt"),
  ];
  return candidates.find((folder) => holdsProvider(join(folder, PLUGIN)));
}

const holdsProvider = (folder: string) =>
  existsSync(join(folder, AWS_PROVIDER_VERSION)) ||
  (existsSync(folder) &&
    readdirSync(folder).some((file) => file.startsWith(`terraform-provider-aws_${AWS_PROVIDER_VERSION}_`)));

/** Terraform's own settings: the provider from the folder that was found, and nothing of the user's. */
export async function writeTerraformSettings(file: string, mirror: string | undefined): Promise<void> {
  const installation =
    mirror === undefined
      ? "  direct {}\n"
      : `  filesystem_mirror {\n    path    = ${JSON.stringify(mirror)}\n    include = ["registry.terraform.io/hashicorp/aws"]\n  }\n`;
  await writeFile(file, `provider_installation {\n${installation}}\n`);
}

/** What every call of Terraform and cdktf gets, beside what leads to an AWS. */
export function terraformEnvironment(terraform: Terraform, settingsFile: string): NodeJS.ProcessEnv {
  return {
    TF_CLI_CONFIG_FILE: settingsFile,
    TERRAFORM_BINARY_NAME: terraform.binary,
    TF_IN_AUTOMATION: "1",
    CHECKPOINT_DISABLE: "1",
    DISABLE_VERSION_CHECK: "1",
    // One folder cannot be both a mirror and a cache (terraform#32890).
    CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
    CI: "1",
  };
}
