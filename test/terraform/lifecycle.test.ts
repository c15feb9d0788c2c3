import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { activeApiHost, apiHost, registry, stackNames } from "../../environment/naming";
import { loadEnvironment } from "../../environment/load";
import type { Environment } from "../../environment/schema";
import { synthesize } from "../../operations/app";
import { prepareAccount } from "../../operations/local/account";
import { deployStacks, type Workspace } from "../../operations/local/cdktf";
import { emulatorEnvironment, startEmulator, type Emulator } from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { planAgain } from "../../operations/local/second-plan";
import { terraformEnvironment, writeTerraformSettings } from "../../operations/local/terraform";
import { isolated } from "../../operations/isolated";
import { awsStacks, stacksOf } from "../../operations/synthesized";
import { aws } from "../support/aws-cli";
import { REPOSITORY, TerraformProject } from "../support/terraform-project";

jest.setTimeout(1_200_000);

/**
 * The whole life of a cluster, by the files that a person would write one after the other, each deployed by cdktf and
 * Terraform on the emulated AWS. After each of them, plans of what it does not speak of must be empty.
 */
const ENVIRONMENT = "development";
const stack = {
  network: stackNames.network(ENVIRONMENT),
  mesh: stackNames.mesh(ENVIRONMENT),
  alpha: stackNames.cluster(ENVIRONMENT, "alpha"),
  bravo: stackNames.cluster(ENVIRONMENT, "bravo"),
};

let project: TerraformProject;
let emulator: Emulator;
let environment: Environment;
let workspace: Workspace;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const python = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  project = await TerraformProject.create();
  mkdirSync(join(project.root, "environments"));
  project.asApp();
  environment = write({ alpha: "active" });
  const { account, region } = environment;
  emulator = await startEmulator({ bin: python.bin, account, folder: project.root, clientsOf: environment });
  env = emulatorEnvironment(emulator, account, region);
  const settings = join(project.root, "terraform.rc");
  await writeTerraformSettings(settings, project.terraform.mirror);
  workspace = {
    root: project.root,
    output: project.output,
    env: isolated({ ...terraformEnvironment(project.terraform, settings), ...env }),
    signal: new AbortController().signal,
    mirrored: project.terraform.mirror !== undefined,
  };
  await prepareAccount(emulator, { ...emulator, account, region }, environment, workspace.signal);
});

afterAll(async () => {
  await emulator?.stop();
  await project?.remove();
});

/** The development environment with these clusters of it, in these roles. */
function write(roles: Readonly<Record<string, string>>): Environment {
  const document = parseDocument(readFileSync(join(REPOSITORY, "environments", "development.yaml"), "utf8"));
  for (const name of ["alpha", "bravo"]) {
    if (roles[name] === undefined) {
      document.deleteIn(["clusters", name]);
    } else {
      document.setIn(["clusters", name, "role"], roles[name]);
    }
  }
  const file = join(project.root, "environments", `${ENVIRONMENT}.yaml`);
  writeFileSync(file, document.toString());
  return loadEnvironment(file);
}

/** Writes the file, synthesizes, and deploys these clusters' stacks with what they depend on. */
async function change(roles: Readonly<Record<string, string>>, clusters: readonly string[]): Promise<void> {
  environment = write(roles);
  await synthesize(workspace, join(project.root, "synth.log"));
  const names = [stack.network, stack.mesh, ...clusters];
  await deployStacks(workspace, names, join(project.root, "deploy.log"), () => undefined);
}

const stacks = () => awsStacks(stacksOf(project.output, ENVIRONMENT));

/** Everything that plans of these stacks would change. */
async function differences(names: readonly string[]) {
  const all = [];
  for (const { name, folder } of stacks().filter((s) => names.includes(s.name))) {
    // A stack that was not deployed since the app wrote it anew.
    await project.run(folder, ["init", "-input=false", "-no-color"], env);
    for (const difference of await planAgain(
      project.terraform.binary,
      folder,
      workspace.env,
      workspace.signal,
    )) {
      all.push({ stack: name, ...difference });
    }
  }
  return all;
}

const parameter = async (name: string) =>
  (await aws<{ Parameter: { Value: string } }>(env, ["ssm", "get-parameter"], { "--name": name })).Parameter
    .Value;

const activeApi = async () => {
  const { HostedZones: zones } = await aws<{ HostedZones: { Id: string }[] }>(env, [
    "route53",
    "list-hosted-zones",
  ]);
  const { ResourceRecordSets: records } = await aws<{
    ResourceRecordSets: { Name: string; ResourceRecords?: { Value: string }[] }[];
  }>(env, ["route53", "list-resource-record-sets"], { "--hosted-zone-id": zones[0]?.Id ?? "" });
  return records.find(({ Name }) => Name === `${activeApiHost(environment.domain)}.`)?.ResourceRecords?.[0]
    ?.Value;
};

test("a self-managed cluster alone: it is the active one, and the API's name is its own", async () => {
  await change({ alpha: "active" }, [stack.alpha]);

  expect(await parameter(registry.active(ENVIRONMENT))).toBe("alpha");
  expect(await activeApi()).toBe(apiHost("alpha", environment.domain));
  expect(await differences([stack.network, stack.mesh, stack.alpha])).toEqual([]);
});

test("an EKS cluster is added beside it: nothing else differs", async () => {
  await change({ alpha: "active", bravo: "passive" }, [stack.bravo]);

  expect(JSON.parse(await parameter(registry.cluster(ENVIRONMENT, "bravo")))).toMatchObject({ kind: "eks" });
  expect(await differences([stack.network, stack.mesh, stack.alpha, stack.bravo])).toEqual([]);
});

test("the other one becomes active: what a promotion has moved stays, and nothing differs", async () => {
  await aws(env, ["ssm", "put-parameter", "--overwrite"], {
    "--name": registry.active(ENVIRONMENT),
    "--value": "bravo",
  });

  await change({ alpha: "passive", bravo: "active" }, [stack.alpha, stack.bravo]);

  expect(await parameter(registry.active(ENVIRONMENT))).toBe("bravo");
  expect(await differences([stack.network, stack.mesh, stack.alpha, stack.bravo])).toEqual([]);
});

test("the old one retires: its protections are lifted, and nothing of the other stacks differs", async () => {
  await change({ alpha: "retiring", bravo: "active" }, [stack.alpha]);

  const { LoadBalancers: balancers } = await aws<{
    LoadBalancers: { LoadBalancerArn: string; LoadBalancerName: string }[];
  }>(env, ["elbv2", "describe-load-balancers"]);
  const api = balancers.find(({ LoadBalancerName }) => LoadBalancerName.includes("alpha"));
  const { Attributes: attributes } = await aws<{ Attributes: { Key: string; Value: string }[] }>(
    env,
    ["elbv2", "describe-load-balancer-attributes"],
    { "--load-balancer-arn": api?.LoadBalancerArn ?? "" },
  );
  expect(attributes).toContainEqual({ Key: "deletion_protection.enabled", Value: "false" });
  expect(await differences([stack.network, stack.mesh, stack.bravo])).toEqual([]);
});

test("it is removed: an apply empties its state, and nothing of it stands", async () => {
  await change({ alpha: "removed", bravo: "active" }, [stack.alpha]);

  const alpha = stacks().find(({ name }) => name === stack.alpha);
  expect(alpha?.resources).toBe(0);
  expect((await project.run(alpha?.folder ?? "", ["state", "list"], env)).trim()).toBe("");
  const { AutoScalingGroups: groups } = await aws<{ AutoScalingGroups: { AutoScalingGroupName: string }[] }>(
    env,
    ["autoscaling", "describe-auto-scaling-groups"],
  );
  expect(groups.map(({ AutoScalingGroupName: name }) => name).filter((name) => /alpha/.test(name))).toEqual(
    [],
  );
  expect(await activeApi()).toBeUndefined();
  expect(await differences([stack.network, stack.mesh, stack.bravo])).toEqual([]);
});

test("its entry is deleted: its stacks are gone, and nothing differs", async () => {
  await change({ bravo: "active" }, []);

  expect(stacks().map(({ name }) => name)).toEqual([stack.network, stack.mesh, stack.bravo]);
  expect(await differences([stack.network, stack.mesh, stack.bravo])).toEqual([]);
});
