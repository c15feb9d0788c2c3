import { Option, type Command } from "commander";
import type { MeshRole } from "../../environment/mesh/node-settings";
import { Consul } from "../../operations/consul/client";
import { printable, unifiedDiff } from "../../operations/mesh/publish/diff";
import { filesOf, roles } from "../../operations/mesh/publish/files";
import { publish as publishFiles, type PublishResult } from "../../operations/mesh/publish/publish";
import { confirmProduction } from "../confirm";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { environmentOf } from "../environment-of";
import { seconds } from "../values";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly role: MeshRole;
  readonly timeout: number;
  readonly dryRun?: true;
  readonly check?: true;
  readonly yes?: true;
  readonly input: boolean;
}

/** `skyline mesh publish`: the files that nodes of a role take from Consul. */
export function addPublish(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("publish")
      .description("write the files that Mesos nodes or gateways take from Consul")
      .requiredOption("--env <environment>", "environment")
      .addOption(
        new Option("--role <role>", "nodes that take them").choices([...roles]).makeOptionMandatory(),
      )
      .option("--check", "write nothing, and end with 3 when Consul has other files")
      .option("--dry-run", "write nothing, and print the difference")
      .option("--timeout <seconds>", "give up on an answer of Consul after this time", seconds, 10)
      .option("--yes", "do not ask, in production either")
      .option("--no-input", "ask nothing")
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action((options: Options) => publish(options, session))),
    "skyline mesh publish --env development --role gateway --dry-run",
    "skyline mesh publish --env development --role gateway",
    "skyline mesh publish --env production --role mesos --check --json",
  );
}

async function publish(options: Options, session: Session): Promise<Result> {
  const environment = environmentOf(options);
  const name = environment.environment;
  const readOnly = options.dryRun === true || options.check === true;
  const data = await session.interruptible(async (signal) => {
    const { role, yes = false, input } = options;
    if (!readOnly) {
      const deed = `Publishing the files of all nodes of role ${role}`;
      await confirmProduction({ environment: name, deed, yes, input, signal });
    }
    return publishFiles({
      ...{ environment: name, role, signal, dryRun: readOnly },
      files: filesOf(environment, role),
      consul: new Consul({ datacenter: name, signal, timeoutMs: options.timeout * 1000 }),
    });
  });
  const { changes, ...rest } = data;
  const shown = changes.map(({ path, action, before, after }) => ({
    path,
    action,
    diff: unifiedDiff(path, before, after),
  }));
  return {
    data: { ...rest, changes: shown },
    text: printable(told(data, shown)),
    exitCode: options.check === true && data.stale ? exitCodes.changed : exitCodes.done,
  };
}

function told(
  { environment, role, prefix, stale, dryRun, transactions }: PublishResult,
  changes: readonly { readonly path: string; readonly action: string; readonly diff: string }[],
): string {
  if (!stale) {
    return `nothing to do: ${prefix} is as it should be`;
  }
  const again = `skyline mesh publish --env ${environment} --role ${role}`;
  if (dryRun) {
    const next = `Nothing is written. Try next: ${again}`;
    return [...changes.map(({ diff }) => diff), ...(changes.length === 0 ? [MANIFEST_ALONE] : []), next].join(
      "\n",
    );
  }
  return [
    ...changes.map(({ action, path }) => `${action.padEnd(6)}  ${prefix}${path}`),
    ...(changes.length === 0 ? [MANIFEST_ALONE] : []),
    `Written in ${transactions} ${transactions === 1 ? "transaction" : "transactions"}. Nodes take the files within seconds, try them with nginx -t, and stay with what they have when it refuses.`,
  ].join("\n");
}

const MANIFEST_ALONE = "the files are right, and their manifest is not: no node would take them";
