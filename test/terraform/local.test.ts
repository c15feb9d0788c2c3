import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stackNames } from "../../environment/naming";
import { OperationFailure } from "../../operations/failure";
import { deployStacks } from "../../operations/local/cdktf";
import { localDown } from "../../operations/local/down";
import { isolated } from "../../operations/isolated";
import { pythonEnvironment } from "../../operations/local/python";
import { isAlive, localFolder, readRunState } from "../../operations/local/run-state";
import { findTerraform, writeTerraformSettings } from "../../operations/local/terraform";
import { localUp, type LocalOptions, type LocalResult } from "../../operations/local/up";
import { awsStacks, stacksOf } from "../../operations/synthesized";
import { aws } from "../support/aws-cli";
import { checkov, hold, reviewedSkips, type Finding } from "../support/checkov";
import { scenarioEnvironment } from "../support/scenario";
import { REPOSITORY, TerraformProject } from "../support/terraform-project";

jest.setTimeout(600_000);

const options = (root: string, more: Partial<LocalOptions> = {}): LocalOptions => ({
  root,
  environments: join(root, "environments"),
  environment: "development",
  keep: true,
  signal: new AbortController().signal,
  report: () => undefined,
  ...more,
});

describe("the main job", () => {
  let project: TerraformProject;
  let result: LocalResult;
  const steps: string[] = [];

  beforeAll(async () => {
    project = await TerraformProject.create();
    project.asApp();
    result = await localUp(
      options(project.root, {
        report: (event) => steps.push(event.type === "step" ? event.text : "progress"),
      }),
    );
  });

  afterAll(async () => {
    await localDown(options(project.root)).catch(() => undefined);
    await project.remove();
  });

  const env = () => ({
    AWS_ENDPOINT_URL: result.aws,
    AWS_ENDPOINT_URL_EKS: result.eks,
    AWS_ACCESS_KEY_ID: "111111111111",
    AWS_SECRET_ACCESS_KEY: "emulated",
    AWS_DEFAULT_REGION: "us-east-1",
  });

  test("deploys every AWS stack, and reads mesh and clusters of both kinds back", () => {
    expect(result.stacks.map(({ name }) => name)).toEqual([
      "development-network",
      "development-mesh",
      "development-cluster-alpha",
      "development-cluster-bravo",
    ]);
    expect(result.stacks.every(({ resources, seconds }) => resources > 30 && seconds > 0)).toBe(true);
    expect(result.mesh).toEqual({
      consulServers: 3,
      gateways: 3,
      gatewayZones: ["us-east-1a", "us-east-1b", "us-east-1c"],
    });
    expect(result.clusters).toEqual([
      {
        kind: "self-managed",
        cluster: "alpha",
        name: "development-alpha",
        version: "1.35.4",
        endpoint: "https://api.alpha.development.example.internal",
        etcdZones: ["us-east-1a", "us-east-1b", "us-east-1c"],
        controllers: 3,
        workers: { general: 3 },
      },
      {
        kind: "eks",
        cluster: "bravo",
        name: "development-bravo",
        status: "ACTIVE",
        version: "1.35",
        private: true,
        nodeGroups: ["general"],
        addOns: ["coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"],
        accessEntries: [
          "arn:aws:iam::111111111111:role/atlantis",
          "arn:aws:iam::111111111111:role/platform-admin",
        ],
      },
    ]);
    expect(result.explained).toBe(0);
    expect(steps).toContain("progress");
  });

  test("given a plan of each stack, checkov finds nothing that nobody has looked at", async () => {
    const findings: Finding[] = [];
    for (const { name, folder } of awsStacks(
      stacksOf(join(localFolder(project.root), "cdktf.out"), "development"),
    )) {
      // All values are known now, so that checkov judges what stands and not what Terraform may say of it.
      await project.run(
        folder,
        ["plan", "-input=false", "-lock=false", "-refresh=false", "-out=whole.tfplan"],
        env(),
      );
      const plan = join(project.root, `${name}.json`);
      writeFileSync(plan, await project.run(folder, ["show", "-json", "whole.tfplan"]));
      const { passed, failed } = await checkov(name, plan);
      process.stderr.write(`checkov ${name}: ${passed} passed, ${failed.length} reviewed or failed\n`);
      expect(passed).toBeGreaterThan(50);
      findings.push(...failed);
    }

    expect(hold(findings, reviewedSkips())).toEqual({ unreviewed: [], unused: [] });
  });

  test("another client than Terraform sees the same cluster", async () => {
    const { cluster } = await aws<{ cluster: Record<string, unknown> }>(env(), ["eks", "describe-cluster"], {
      "--name": "development-bravo",
    });
    expect(cluster).toMatchObject({
      version: "1.35",
      resourcesVpcConfig: { endpointPublicAccess: false, endpointPrivateAccess: true },
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    });
  });

  test("states are in the bucket, a key a stack, and no lock is left", async () => {
    const { Contents: objects } = await aws<{ Contents: { Key: string }[] }>(
      env(),
      ["s3api", "list-objects-v2"],
      {
        "--bucket": "example-tfstate",
      },
    );
    expect(objects.map(({ Key }) => Key).sort()).toEqual([
      "development/development-cluster-alpha.tfstate",
      "development/development-cluster-bravo.tfstate",
      "development/development-mesh.tfstate",
      "development/development-network.tfstate",
    ]);
  });

  test("is not run over while it stands", async () => {
    await expect(localUp(options(project.root))).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringContaining("environment development stands since"),
      hint: "npm run local -- --destroy",
    });
  });

  test("is removed by Terraform, clusters before mesh before network, and nothing of it goes on running", async () => {
    const state = readRunState(localFolder(project.root));
    const done: string[] = [];
    const report: LocalOptions["report"] = (event) => event.type === "step" && done.push(event.text);
    const down = await localDown(options(project.root, { report }));
    expect(down).toEqual({
      environment: "development",
      stacks: [
        "development-cluster-bravo",
        "development-cluster-alpha",
        "development-mesh",
        "development-network",
      ],
    });
    expect(done).toEqual([
      "terraform destroy of development-cluster-bravo",
      "terraform destroy of development-cluster-alpha",
      "terraform destroy of development-mesh",
      "terraform destroy of development-network",
    ]);
    expect(state && isAlive(state)).toBe(false);
    expect(existsSync(localFolder(project.root))).toBe(false);
  });

  test("given that nothing stands, removing it is done at once", async () => {
    expect(await localDown(options(project.root))).toEqual({ environment: undefined, stacks: [] });
  });
});

test.each([
  { signal: "SIGINT", when: "Terraform works", until: /10 of \d+ resources/, code: 130 },
  { signal: "SIGTERM", when: "the account is prepared", until: /AWS emulated at/, code: 143 },
  { signal: "SIGTERM", when: "the app synthesizes", until: /Account prepared/, code: 143 },
] as const)(
  "given $signal while $when, what was started is stopped and the exit code is $code",
  async ({ signal, until, code }) => {
    const project = await TerraformProject.create();
    project.asApp();
    try {
      const child = spawn(process.execPath, [join(REPOSITORY, "dist", "cli", "skyline.js"), "local"], {
        cwd: project.root,
        env: isolated({}),
        stdio: ["ignore", "ignore", "pipe"],
      });
      let talk = "";
      const reached = new Promise<void>((resolve) => {
        child.stderr.on("data", (data: Buffer) => {
          talk += data.toString();
          if (until.test(talk)) {
            resolve();
          }
        });
      });
      const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
      await Promise.race([reached, ended]);
      const state = readRunState(localFolder(project.root));
      expect(state && isAlive(state)).toBe(true);
      child.kill(signal);
      expect({ code: await ended, talk }).toEqual({ code, talk: expect.stringContaining("interrupted") });
      expect(state && isAlive(state)).toBe(false);
      expect(readRunState(localFolder(project.root))).toBeUndefined();
    } finally {
      await project.remove();
    }
  },
);

describe("what is missing is named, with what to install", () => {
  test("no Terraform on PATH", async () => {
    await expect(findTerraform({ PATH: "/nonexistent" })).rejects.toMatchObject({
      kind: "missing",
      message: "there is no terraform on PATH",
      hint: expect.stringContaining("install Terraform 1.11 or newer"),
    });
  });

  test("a Terraform that is too old", async () => {
    const project = await TerraformProject.create();
    try {
      const old = join(project.root, "old-terraform");
      writeFileSync(old, `#!/bin/sh\necho '{"terraform_version":"1.9.8"}'\n`, { mode: 0o755 });
      await expect(findTerraform({ ...process.env, TERRAFORM_BINARY_NAME: old })).rejects.toThrow(
        /is version 1\.9\.8; 1\.11 or newer/,
      );
    } finally {
      await project.remove();
    }
  });

  test("no Python", async () => {
    await expect(
      pythonEnvironment(join(REPOSITORY, "tools", "python"), "no-such-python"),
    ).rejects.toMatchObject({
      kind: "missing",
      message: expect.stringContaining("there is no no-such-python on PATH"),
      hint: expect.stringContaining("install Python 3.10 or newer"),
    });
  });

  test("no AWS provider", async () => {
    const environment = scenarioEnvironment("one-eks-cluster");
    const project = await TerraformProject.create(environment);
    project.asApp();
    const empty = join(project.root, "empty");
    mkdirSync(empty);
    const settings = join(project.root, "empty.rc");
    await writeTerraformSettings(settings, empty);
    const workspace = {
      root: project.root,
      output: project.output,
      env: isolated({
        TF_CLI_CONFIG_FILE: settings,
        CI: "1",
        CHECKPOINT_DISABLE: "1",
        DISABLE_VERSION_CHECK: "1",
      }),
      signal: new AbortController().signal,
      mirrored: true,
    };
    try {
      const log = join(project.root, "deploy.log");
      const failure = await deployStacks(
        workspace,
        [stackNames.network(environment.environment)],
        log,
        () => undefined,
      ).catch((error: unknown) => error);
      expect({ failure, log: readFileSync(log, "utf8") }).toMatchObject({
        failure: expect.any(OperationFailure),
        log: expect.stringContaining("hashicorp/aws"),
      });
      expect(failure).toMatchObject({
        kind: "missing",
        message: expect.stringContaining("Terraform has no AWS provider"),
        hint: expect.stringContaining("SKYLINE_TF_MIRROR"),
      });
    } finally {
      await project.remove();
    }
  });
});
