import { registry } from "../../environment/naming";
import type { AwsAccount } from "../aws/account";
import { OperationFailure } from "../failure";
import { parameterStore } from "./parameters";

/** The parameter that says which cluster is active. */
export interface ActiveParameter {
  readonly name: string;
  readonly value: string;
  /** Writes another name; tells when somebody else has written meanwhile. */
  readonly move: (cluster: string) => Promise<void>;
}

/** As Systems Manager has it; undefined when there is none. */
export async function activeParameter(
  aws: AwsAccount,
  environment: string,
): Promise<{ readonly Value?: string; readonly Version?: number } | undefined> {
  const { GetParameterCommand, SSMClient } = parameterStore();
  const client = new SSMClient(aws.settings);
  const { abortSignal } = aws;
  const name = registry.active(environment);
  const found = await aws.ask(
    `reading parameter ${name}`,
    () => client.send(new GetParameterCommand({ Name: name }), { abortSignal }),
    "ParameterNotFound",
  );
  return found?.Parameter;
}

/** @throws OperationFailure missing, when there is none: the network stack was not applied */
export async function readActive(aws: AwsAccount, environment: string): Promise<ActiveParameter> {
  const { PutParameterCommand, SSMClient } = parameterStore();
  const client = new SSMClient(aws.settings);
  const { abortSignal } = aws;
  const name = registry.active(environment);
  const { Value: value, Version: version = 0 } = (await activeParameter(aws, environment)) ?? {};
  if (value === undefined) {
    throw new OperationFailure(
      "missing",
      `there is no parameter ${name}`,
      `apply the stack ${environment}-network first, or use credentials of its account`,
    );
  }
  const move = async (cluster: string) => {
    const command = new PutParameterCommand({ Name: name, Value: cluster, Overwrite: true });
    const put = await aws.ask(`writing parameter ${name}`, () => client.send(command, { abortSignal }));
    // Systems Manager takes no condition: that there was another version in between is all that can be seen.
    if (put?.Version !== undefined && put.Version !== version + 1) {
      throw new OperationFailure(
        "conflict",
        `somebody else has written ${name} at the same time; it now says ${cluster}`,
        `agree on one, see skyline clusters --env ${environment}, and run it again`,
      );
    }
  };
  return { name, value, move };
}
