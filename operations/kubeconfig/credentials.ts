import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { clusterResourceName } from "../../environment/naming";
import { OperationFailure } from "../failure";
import { CheckedPrograms } from "./checked-programs";

/** What makes the tokens: both know either kind of cluster. */
export const tokenSources = ["aws", "aws-iam-authenticator"] as const;
export type TokenSource = (typeof tokenSources)[number];

/** Whose credentials a context asks a token with. */
export interface Credentials {
  readonly source: TokenSource;
  /** ARN of a role that is taken on first. */
  readonly role?: string;
  /** Profile of the user's AWS settings. */
  readonly profile?: string;
}

/**
 * How kubectl gets a token for a cluster, a new one each quarter of an hour. v1beta1, which every kubectl since 1.24 and
 * every client library reads; a bare command, since where it is differs from machine to machine.
 */
export function execStanza(
  environment: string,
  region: string,
  cluster: string,
  { source, role, profile }: Credentials,
): Readonly<Record<string, unknown>> {
  const id = clusterResourceName(environment, cluster);
  const args = {
    aws: [
      ...["--region", region, "eks", "get-token", "--cluster-name", id, "--output", "json"],
      ...(role === undefined ? [] : ["--role-arn", role]),
    ],
    "aws-iam-authenticator": [
      ...["token", "--cluster-id", id, "--region", region],
      ...(role === undefined ? [] : ["--role", role]),
    ],
  };
  return {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: source,
    args: args[source],
    ...(profile === undefined ? {} : { env: [{ name: "AWS_PROFILE", value: profile }] }),
    interactiveMode: "IfAvailable",
    provideClusterInfo: false,
  };
}

/** The first releases of the AWS CLI that speak v1beta1. */
const FIRST = { 1: [1, 23, 9], 2: [2, 6, 3] } as const;

const PATIENCE_MS = 20_000;

interface NotRun extends NodeJS.ErrnoException {
  readonly killed?: boolean;
}

/**
 * Makes sure that the program which makes the tokens is there, and new enough.
 * @throws OperationFailure missing or refused, with what to install
 */
export async function checkTokenSource(
  source: TokenSource,
  signal?: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const checked = new CheckedPrograms(env);
  const program = await checked.identify(source);
  if (program !== undefined && (await checked.has(program))) {
    return;
  }
  const args = source === "aws" ? ["--version"] : ["version"];
  const options = { signal, env, timeout: PATIENCE_MS };
  const said = await promisify(execFile)(source, args, options).catch((error: NotRun) => {
    if (signal?.aborted === true) {
      throw new OperationFailure("interrupted", "stopped; the file is as it was");
    }
    if (error.killed === true) {
      // It is there, and a machine that is so busy is no reason to write nothing.
      return undefined;
    }
    const why = error.code === "ENOENT" ? "is not on PATH" : `does not run: ${error.message.split("\n")[0]}`;
    throw new OperationFailure(
      "missing",
      `kubectl is to get its tokens from ${source}, which ${why}`,
      source === "aws"
        ? "install the AWS CLI, or use --token aws-iam-authenticator"
        : "install aws-iam-authenticator, or use --token aws",
    );
  });
  if (source === "aws" && said !== undefined) {
    // Version 1 on old Pythons said it on stderr.
    checkAwsVersion(said.stdout + said.stderr);
  }
  if (said !== undefined && program !== undefined) {
    await checked.add(program);
  }
}

/** @param said `aws-cli/2.15.0 Python/3.11 …` @throws OperationFailure refused, when it is too old */
export function checkAwsVersion(said: string): void {
  const [, ...found] = /aws-cli\/(\d+)\.(\d+)\.(\d+)/.exec(said)?.map(Number) ?? [];
  const [major = 0] = found;
  const first = FIRST[major as keyof typeof FIRST] ?? (major > 2 ? [] : FIRST[1]);
  const differing = first.findIndex((part, index) => part !== found[index]);
  if (found.length === 3 && differing !== -1 && (found[differing] ?? 0) < (first[differing] ?? 0)) {
    throw new OperationFailure(
      "refused",
      `the AWS CLI is ${found.join(".")}, whose tokens kubectl does not take any more`,
      `install AWS CLI ${FIRST[1].join(".")}, ${FIRST[2].join(".")} or newer`,
    );
  }
}
