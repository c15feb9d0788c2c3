import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../../../environment/schema";
import { OperationFailure } from "../../failure";
import { AWS_PROVIDER_VERSION } from "../../local/terraform";
import { childOf } from "../../review/masked";
import { listOf } from "../state-resources";
import type { LookingTerraform } from "../terraform";
import { readState } from "./state";
import { listed, type ListedState, type StateStore } from "./store";

/** S3 lists at most so many keys for us: more than any environment has, and no endless answer. */
const MOST_KEYS = 100_000;

/**
 * States in an environment's bucket, by Terraform, which reads the bucket as it does for a plan: with the same credentials,
 * settings and network.
 *
 * @param terraform in folders of its own
 */
export function bucketStates(
  environment: Environment,
  { bucket, region }: NonNullable<Environment["state"]>,
  terraform: LookingTerraform,
): StateStore {
  const prefix = `${environment.environment}/`;
  const urlOf = (key: string) => `s3://${bucket}/${key}`;
  const keyOf = ({ where }: ListedState) => where.slice(urlOf("").length);
  let folders = 0;
  const inFolder = async (code: object) => {
    const place = await terraform.folder(`state-${folders++}`);
    await writeFile(join(place, "main.tf.json"), JSON.stringify(code));
    return place;
  };
  return {
    async list() {
      const what = `listing ${urlOf(prefix)}`;
      const place = await inFolder(listing(environment, { bucket, region, prefix }));
      await terraform.run(place, what, ["init", "-input=false", "-json"]);
      await terraform.run(place, what, ["plan", "-input=false", "-lock=false", "-json", "-out=plan"]);
      const shown = await terraform.run(place, what, ["show", "-json", "plan"]);
      return listed(
        keysIn(shown, what),
        (key) => (key.endsWith(".tfstate") ? key.slice(prefix.length, -".tfstate".length) : undefined),
        (key) => `${key}.tflock`,
        urlOf,
      );
    },
    async read(state) {
      const key = keyOf(state);
      const what = `reading ${state.where}`;
      const backend = { s3: { bucket, key: literal(key), region } };
      const place = await inFolder({ terraform: { backend } });
      await terraform.run(place, what, ["init", "-input=false", "-json"]);
      return readState(await terraform.run(place, what, ["state", "pull"]), state.where);
    },
  };
}

/** A key is anybody's text, and Terraform takes `${…}` and `%{…}` in strings for its own. */
const literal = (text: string) => text.replace(/([$%])(?=\{)/g, "$1$1");

function listing(
  { account }: Environment,
  { bucket, region, prefix }: { readonly bucket: string; readonly region: string; readonly prefix: string },
) {
  return {
    terraform: { required_providers: { aws: { source: "hashicorp/aws", version: AWS_PROVIDER_VERSION } } },
    provider: { aws: { region, allowed_account_ids: [account] } },
    data: { aws_s3_objects: { states: { bucket, prefix, max_keys: MOST_KEYS } } },
    output: { keys: { value: "${data.aws_s3_objects.states.keys}" } },
  };
}

function keysIn(plan: string, what: string): string[] {
  const path = ["planned_values", "outputs", "keys", "value"];
  try {
    const keys = path.reduce<unknown>(childOf, JSON.parse(plan));
    return listOf(keys).filter((key) => typeof key === "string");
  } catch {
    throw new OperationFailure("verification", `${what}: Terraform has printed no plan`);
  }
}
