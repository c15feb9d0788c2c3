import { Option, type Command } from "commander";
import type { MeshRole } from "../../environment/mesh/node-settings";
import { WORKER_SERVICE } from "../../environment/naming";
import { Consul } from "../../operations/consul/client";
import { OperationFailure } from "../../operations/failure";
import { printable } from "../../operations/mesh/publish/diff";
import { roles } from "../../operations/mesh/publish/files";
import { allowRemoval, revokeRemoval, type RemovalResult } from "../../operations/mesh/removal/allow";
import {
  ALL,
  checkNames,
  checkWords,
  endOf,
  filesName,
  MOST_SECONDS,
  type Removal,
} from "../../operations/mesh/removal/removal";
import { caller } from "../caller";
import { confirmProduction } from "../confirm";
import { examples } from "../examples";
import type { Result } from "../output";
import type { Session } from "../session";
import { environmentOf } from "../environment-of";
import { duration, seconds } from "../values";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly all?: true;
  readonly workers?: true;
  readonly files?: MeshRole;
  readonly why?: string;
  readonly by?: string;
  /** Seconds. */
  readonly for: number;
  readonly timeout: number;
  readonly revoke?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly input: boolean;
}

/** `skyline mesh allow-removal`: lets nodes believe Consul that many names have gone. */
export function addAllowRemoval(mesh: Command, session: Session): void {
  examples(
    mesh
      .command("allow-removal")
      .description("let nodes remove what they hold because too much of it has gone at once")
      .argument("[names...]", "services that may go")
      .option("--all", "all that Consul does not have any more: services, settings, workers and files")
      .option("--workers", "workers of Kubernetes clusters")
      .addOption(
        new Option("--files <role>", "all published files of the nodes of a role").choices([...roles]),
      )
      .requiredOption("--env <environment>", "environment")
      .option("--why <text>", "reason, for the log of each node")
      .option("--by <who>", "who allows it (default: your user name and host)")
      .option("--for <time>", "how long, like 30m or 2h, at most 24h", time, 3600)
      .option("--revoke", "take it back: of the names given, or all of it")
      .option("--dry-run", "write nothing, and say what would be")
      .option("--timeout <seconds>", "give up on an answer of Consul after this time", seconds, 10)
      .option("--yes", "do not ask, in production either")
      .option("--no-input", "ask nothing")
      .option("--directory <path>", "folder of the environment files", "environments")
      .action(session.action((names: string[], options: Options) => allow(names, options, session))),
    'skyline mesh allow-removal organization giphy --env development --why "moved to Kubernetes"',
    'skyline mesh allow-removal --workers --env development --why "bravo is retired" --for 30m',
    "skyline mesh allow-removal --revoke --env development",
  );
}

const time = duration(60, MOST_SECONDS, "30m or 2h, from 60s to 24h");

async function allow(given: readonly string[], options: Options, session: Session): Promise<Result> {
  const { environment } = environmentOf(options);
  const names = namesOf(given, options);
  const { revoke = false, dryRun = false, yes = false, input } = options;
  const now = Date.now();
  const wanted = revoke ? undefined : wantedOf(names, options, now);
  const data = await session.interruptible(async (signal) => {
    if (!dryRun) {
      const what = names.length === 0 ? "what is allowed" : names.join(", ");
      const deed = revoke ? `Taking back leave to remove: ${what}` : `Giving leave to remove: ${what}`;
      await confirmProduction({ environment, deed, yes, input, signal });
    }
    const consul = new Consul({ datacenter: environment, signal, timeoutMs: options.timeout * 1000 });
    const request = { environment, consul, dryRun, now };
    return wanted === undefined ? revokeRemoval({ ...request, names }) : allowRemoval({ ...request, wanted });
  });
  return { data, text: printable(told(data, wanted)) };
}

function namesOf(given: readonly string[], { all, workers, files, revoke }: Options): readonly string[] {
  checkNames(given);
  const names = [
    ...(workers === true ? [WORKER_SERVICE] : []),
    ...(files === undefined ? [] : [filesName(files)]),
    ...given,
  ];
  if (all === true && names.length > 0) {
    throw new OperationFailure("invalid", `--all is all of them: ${names.join(", ")} says no more`);
  }
  if (all !== true && names.length === 0 && revoke !== true) {
    throw new OperationFailure(
      "invalid",
      "nothing is named",
      "name services, or --all, --workers or --files",
    );
  }
  return all === true ? [ALL] : [...new Set(names)].sort();
}

function wantedOf(names: readonly string[], options: Options, now: number): Removal {
  const { why, by = caller() } = options;
  if (why === undefined) {
    throw new OperationFailure("invalid", "--why is missing", '--why "moved to Kubernetes"');
  }
  checkWords("--why", why);
  checkWords("--by", by);
  return { services: names, by, why, expires: endOf(now, options.for) };
}

function told(
  { environment, key, action, before, after, unreadable, dryRun }: RemovalResult,
  wanted?: Removal,
): string {
  const lines = unreadable === null ? [] : [`${key} held what no node takes: ${unreadable}`];
  if (after === null) {
    const done = dryRun ? "would be deleted: nodes would hold again" : "is deleted: nodes hold again";
    lines.push(
      action === "none" ? `nothing to do: ${key} allows nothing` : `${key} ${done} what goes at once`,
    );
    return lines.join("\n");
  }
  if (action === "none") {
    return [...lines, `nothing to do: ${key} is as it should be`].join("\n");
  }
  lines.push(
    `${key} ${dryRun ? "would allow" : "allows"} until ${after.expires}: ${after.services.join(", ")}`,
  );
  if (wanted === undefined) return lines.join("\n");
  if (before !== null) {
    const others = before.services.join(", ");
    lines.push(
      `Among it, to the same end: what ${before.by} had allowed until ${before.expires} (${before.why}): ${others}`,
    );
  }
  if (after.services.includes(ALL)) {
    lines.push(`${ALL} is services, settings, workers and published files.`);
  }
  if (dryRun) return [...lines, "Nothing is written."].join("\n");
  return [
    ...lines,
    "Nodes apply it within 10 s, to what Consul does not have any more. What a node still holds, on that node:",
    "  sudo -u skyline-mesh /usr/local/lib/skyline/mesh/skyline-apply --status | jq '.last | {held, held_clusters}'",
    `Done before that time: skyline mesh allow-removal --revoke --env ${environment}`,
  ].join("\n");
}
