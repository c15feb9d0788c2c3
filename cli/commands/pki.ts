import type { Command } from "commander";
import type { Environment } from "../../environment/schema";
import { initPki, type InitResult, type Outcome } from "../../operations/pki/init";
import type { Finding } from "../../operations/pki/inspect";
import { renewPki, type Renewal, type RenewResult } from "../../operations/pki/renew";
import { pkiStatus, type StatusResult } from "../../operations/pki/status";
import { environmentOf } from "../environment-of";
import { examples } from "../examples";
import { CommandFailure, exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";
import { seconds } from "../values";

interface Common {
  readonly env: string;
  readonly directory: string;
  readonly timeout: number;
}

interface InitOptions extends Common {
  readonly cluster?: readonly string[];
  readonly kmsKey?: string;
  readonly dryRun?: true;
}

interface StatusOptions extends Common {
  readonly check?: true;
}

interface RenewOptions extends Common {
  readonly cluster?: string;
  readonly consul?: true;
  readonly secret?: readonly string[];
  readonly dryRun?: true;
}

/** `skyline pki`: authorities and certificates of self-managed clusters and of Consul, in Secrets Manager. */
export function pkiCommand(program: Command, session: Session): void {
  const pki = program
    .command("pki")
    .description("make, check and renew the certificates of self-managed clusters and of Consul");
  examples(pki, "skyline pki init --env development", "skyline pki status --env development --check");
  examples(
    common(pki.command("init"))
      .description(
        "make what is missing: authorities, certificates, Consul's keys and tokens; keep what is there",
      )
      .option("--cluster <cluster>", "only this cluster and Consul; can be given several times", collect)
      .option("--kms-key <key>", "KMS key of new secrets: id, ARN or alias (default: aws/secretsmanager)")
      .option("--dry-run", "write nothing, and print what would be written")
      .action(session.action((options: InitOptions) => init(options, session))),
    "skyline pki init --env development --dry-run",
    "skyline pki init --env development",
    "skyline pki init --env production --cluster alpha --kms-key alias/production",
  );
  examples(
    common(pki.command("status"))
      .description("list every certificate with its end, and what is not as the environment file wants it")
      .option("--check", "end with 3 when something is missing, wrong, or ends within 30 days")
      .action(session.action((options: StatusOptions) => status(options, session))),
    "skyline pki status --env development",
    "skyline pki status --env production --check --json",
  );
  examples(
    common(pki.command("renew"))
      .description("issue new certificates from the authority that exists, as new versions of their secrets")
      .option("--cluster <cluster>", "the cluster")
      .option("--consul", "Consul, in place of a cluster")
      .option("--secret <secret>", "only this secret, like etcd-0; can be given several times", collect)
      .option("--dry-run", "write nothing, and print what would be renewed")
      .action(session.action((options: RenewOptions) => renew(options, session))),
    "skyline pki renew --env development --cluster alpha --dry-run",
    "skyline pki renew --env development --cluster alpha --secret etcd-0",
    "skyline pki renew --env development --consul",
  );
}

const common = (command: Command) =>
  command
    .requiredOption("--env <environment>", "environment")
    .option("--directory <path>", "folder of the environment files", "environments")
    .option("--timeout <seconds>", "give up after this time", seconds, 300)
    .option("--no-input", "ask nothing; it never does");

const collect = (value: string, before: readonly string[] = []) => [...before, value];

async function init(options: InitOptions, session: Session): Promise<Result> {
  const data = await withAws(options, session, (environment, aws) =>
    initPki(environment, {
      ...aws,
      clusters: options.cluster,
      kmsKey: options.kmsKey,
      dryRun: options.dryRun === true,
      report: (outcome) => session.talk(`${verb(outcome, options.dryRun === true)}  ${outcome.name}`),
    }),
  );
  data.findings.forEach((finding) => session.talk(told(finding)));
  return { data, text: initText(data) };
}

const verb = ({ action }: Outcome, dryRun: boolean) =>
  (action !== "unchanged" && dryRun ? `to be ${action}` : action).padEnd(dryRun ? 15 : 9);

function initText({ outcomes, dryRun, environment }: InitResult): string {
  const changed = outcomes.filter(({ action }) => action !== "unchanged");
  if (changed.length === 0) {
    return `nothing to do: all ${outcomes.length} secrets and parameters are there`;
  }
  const rows = changed.map(({ name, action, files }) => [name, action, files.join(" ")]);
  const next = dryRun
    ? `Nothing is written. Try next: skyline pki init --env ${environment}`
    : `Try next: skyline pki status --env ${environment}`;
  return [table(["NAME", dryRun ? "TO BE" : "ACTION", "FILES"], rows), "", next].join("\n");
}

async function status(options: StatusOptions, session: Session): Promise<Result> {
  const data = await withAws(options, session, (environment, aws) => pkiStatus(environment, aws));
  data.findings.forEach((finding) => session.talk(told(finding)));
  const stale = options.check === true && data.findings.length > 0;
  return { data, text: statusText(data), exitCode: stale ? exitCodes.changed : exitCodes.done };
}

function statusText({ certificates, findings }: StatusResult): string {
  const rows = certificates.map(({ secret, file, subject, issuer, expires, daysLeft, faults }) => [
    secret,
    file,
    subject,
    issuer,
    expires.slice(0, 10),
    String(daysLeft),
    faults.join(",") || "ok",
  ]);
  const verdict = findings.length === 0 ? "all is as it should be" : `${findings.length} to put right`;
  return [
    table(["SECRET", "FILE", "SUBJECT", "ISSUER", "EXPIRES", "DAYS", "STATE"], rows),
    "",
    `${certificates.length} certificates; ${verdict}`,
  ].join("\n");
}

async function renew(options: RenewOptions, session: Session): Promise<Result> {
  if ((options.cluster === undefined) === (options.consul === undefined)) {
    throw new CommandFailure(
      exitCodes.invalid,
      "usage",
      "name either a cluster or Consul",
      "--cluster NAME, or --consul",
    );
  }
  const data = await withAws(options, session, (environment, aws) =>
    renewPki(environment, {
      ...aws,
      cluster: options.cluster,
      secrets: options.secret,
      dryRun: options.dryRun === true,
      report: ({ secret, action }) =>
        session.talk(
          `${options.dryRun === true && action === "renewed" ? "to be " : ""}${action}  ${secret}`,
        ),
    }),
  );
  return { data, text: renewText(data) };
}

function renewText({ renewals, dryRun }: RenewResult): string {
  const rows = renewals.flatMap(({ secret, certificates }: Renewal) =>
    certificates.map(({ file, expired, expires }) => [
      secret,
      file,
      expired?.slice(0, 10) ?? "none",
      expires.slice(0, 10),
    ]),
  );
  const next = dryRun
    ? "Nothing is written."
    : "Nodes take them when they start the next time: replace them one after the other.";
  return [table(["SECRET", "FILE", "EXPIRED", "EXPIRES"], rows), "", next].join("\n");
}

/** `skyline/development/alpha/etcd-0 server.crt: expires in 3 days` and what puts it right. */
const told = ({ name, file, message, fix }: Finding) =>
  `${name}${file === null ? "" : ` ${file}`}: ${message}\n  ${fix}`;

/** Runs work on an environment of a file, until it is done, Ctrl-C or the time is up. */
function withAws<T>(
  { env, directory, timeout }: Common,
  session: Session,
  work: (environment: Environment, aws: { signal: AbortSignal; timeoutMs: number }) => Promise<T>,
): Promise<T> {
  const environment = environmentOf({ env, directory });
  return session.interruptible((signal) => work(environment, { signal, timeoutMs: timeout * 1000 }));
}
