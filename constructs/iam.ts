import { Fn } from "cdktf";

/** A statement of an IAM policy, in IAM's own spelling. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Principal?: Readonly<Record<string, string | readonly string[]>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A policy document. Made by Terraform's `jsonencode`, since the statements may hold values known only at apply. */
export function policy(...statements: readonly Statement[]): string {
  return Fn.jsonencode({ Version: "2012-10-17", Statement: statements });
}

export function allow(
  Action: readonly string[],
  Resource: readonly string[],
  rest?: Partial<Statement>,
): Statement {
  return { Effect: "Allow", Action, Resource, ...rest };
}

/** The trust policy of a role that an AWS service takes on. */
export function assumedBy(service: string, actions: readonly string[] = ["sts:AssumeRole"]): string {
  return policy({ Effect: "Allow", Action: actions, Principal: { Service: service } });
}

export const awsManagedPolicy = (name: string) => `arn:aws:iam::aws:policy/${name}`;

/** Where ARNs are made of names. */
export interface AwsPlace {
  readonly account: string;
  readonly region: string;
}

/**
 * ARN of a secret by its name, for policies: Secrets Manager adds a hyphen and six characters to the name, and a
 * pattern of exactly six matches no longer name.
 */
export const secretArn = (place: AwsPlace, name: string) =>
  `arn:aws:secretsmanager:${place.region}:${place.account}:secret:${name}-??????`;

/** Reads one secret. */
export const readSecret = (place: AwsPlace, name: string): Statement =>
  allow(["secretsmanager:GetSecretValue"], [secretArn(place, name)]);

/** Reads one SSM parameter, whose name begins with a slash. */
export const readParameter = ({ region, account }: AwsPlace, name: string): Statement =>
  allow(["ssm:GetParameter"], [`arn:aws:ssm:${region}:${account}:parameter${name}`]);
