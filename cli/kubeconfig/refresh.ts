import { existsSync } from "node:fs";
import { environmentFile } from "../../environment/folder";
import { SHORT_LABEL } from "../../environment/naming";
import { OperationFailure } from "../../operations/failure";
import { kubeconfigPath } from "../../operations/kubeconfig/place";
import { refresh, type RefreshEnvironment, type RefreshResult } from "../../operations/kubeconfig/refresh";
import { caller } from "../caller";
import { confirmProduction } from "../confirm";
import { CommandFailure, exitCodeOf, exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import type { Options } from "./kubeconfig";
import { diffOf, shown, told } from "./told";

/** Runs `skyline kubeconfig`. */
export async function runRefresh(options: Options, session: Session): Promise<Result> {
  const { check = false, dryRun = false, use = false, prune = false, yes = false, input } = options;
  checkUsage(options);
  const names = [...new Set(options.env)];
  const environments = names.map((name) => wantedOf(name, names, options));
  const path = await kubeconfigPath(options.kubeconfig);
  const result = await session.interruptible(async (signal) => {
    const [first] = environments;
    if (options.admin !== undefined && first !== undefined && !check && !dryRun) {
      const deed = `Issuing an admin's certificate for cluster ${options.admin}`;
      await confirmProduction({ environment: first.name, deed, yes, input, signal });
    }
    return refresh(environments, {
      path,
      mode: check ? "check" : dryRun ? "dry-run" : "write",
      use: use ? first?.name : undefined,
      prune,
      signal,
      timeoutMs: options.timeout * 1000,
      report: (line) => session.talk(line),
    });
  });
  return {
    data: shown(result),
    text: dryRun ? diffOf(result) : told(result, check),
    ...outcome(result, check),
  };
}

function checkUsage({ refresh: asked, check, dryRun, use, admin, env, region }: Options): void {
  const usage = (message: string, hint: string) =>
    new CommandFailure(exitCodes.invalid, "usage", message, hint);
  if (asked !== true && check !== true && dryRun !== true) {
    throw usage("what is to be done is not said", "--refresh, --check or --dry-run");
  }
  if (check === true && dryRun === true) {
    throw usage("--check and --dry-run are two ways to write nothing", "give one of them");
  }
  if (new Set(env).size > 1 && (use === true || admin !== undefined)) {
    throw usage("--use and --admin are of one environment", "run them with one --env");
  }
  if (admin !== undefined && region !== undefined) {
    throw usage("--admin needs the environment's file", "run it without --region");
  }
}

/** From its file; or, where there is none, from --region. */
function wantedOf(name: string, names: readonly string[], options: Options): RefreshEnvironment {
  const credentials = {
    source: options.token,
    role: valueFor(name, names, options.role),
    profile: valueFor(name, names, options.profile),
  };
  const { region, directory, admin } = options;
  if (region !== undefined && !existsSync(environmentFile(directory, name))) {
    if (!SHORT_LABEL.test(name)) {
      throw new OperationFailure("invalid", `${JSON.stringify(name)} is no name of an environment`);
    }
    return { name, region, account: undefined, credentials };
  }
  const environment = environments().environmentOf({ env: name, directory });
  return {
    name: environment.environment,
    region: environment.region,
    account: environment.account,
    credentials,
    ...(admin === undefined
      ? {}
      : { admin: { environment, cluster: admin, seconds: options.adminFor, by: caller() } }),
  };
}

/** Loaded where there is a file: the schema takes longer than all else of this command. */
function environments() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it always
  return require("../environment-of") as typeof import("../environment-of");
}

/** `production=prod` is for that environment, `prod` for all that have no other. */
function valueFor(name: string, names: readonly string[], given: readonly string[] = []): string | undefined {
  const own = given.find((value) => value.startsWith(`${name}=`));
  const all = given.find((value) => !names.some((other) => value.startsWith(`${other}=`)));
  return own === undefined ? all : own.slice(name.length + 1);
}

function outcome(
  { environments, stale }: RefreshResult,
  check: boolean,
): Pick<Result, "exitCode" | "errors"> {
  const failures = environments.flatMap(({ environment, failure }) =>
    failure === null ? [] : [{ environment, failure }],
  );
  if (failures.length > 0) {
    return {
      exitCode: exitCodes.partial,
      errors: failures.map(({ environment, failure }) => ({
        code: failure.kind,
        message: `${failure.message} (alone it would end with ${exitCodeOf[failure.kind]})`,
        hint: failure.hint ?? null,
        object: environment,
      })),
    };
  }
  return { exitCode: check && stale ? exitCodes.changed : exitCodes.done };
}
