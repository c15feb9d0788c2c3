import { stateKey } from "../../../../environment/naming";
import { at, quoted, type Problem, type Rule } from "../finding";
import { blocksBelow } from "../document";
import { differences } from "../shape";

/** Keys of `terraform`, beside those that other rules judge. */
const SETTINGS: readonly string[] = ["backend", "required_providers", "required_version", "//"];

/**
 * The state is this stack's own, in its environment's bucket, encrypted and locked. An endpoint, a role or a prefix of
 * somebody's choice would send the state of an environment, and the server's credentials with it, to somebody.
 */
export const backend: Rule = ({ stack, environment, trusted, blocks }) => {
  const settings = blocks("terraform");
  const problems: Problem[] = settings.flatMap(({ body, where }) =>
    Object.keys(body)
      .filter((key) => !SETTINGS.includes(key))
      .map((key) => ({ where: at(where, key), message: `${quoted(key)} is no setting that stacks have` })),
  );
  const backends = settings.flatMap(({ body, where }) =>
    Object.hasOwn(body, "backend") ? blocksBelow(body.backend, 1, at(where, "backend")) : [],
  );
  const [only] = backends;
  if (only === undefined || backends.length > 1 || only.labels[0] !== "s3") {
    const message = "the stack must have one backend, s3: its environment's bucket";
    return [...problems, { where: only?.where ?? "terraform.backend", message }];
  }
  const shape = {
    bucket: trusted.backend.bucket,
    key: stateKey(environment, stack),
    region: trusted.backend.region,
    encrypt: true,
    use_lockfile: true,
  };
  return [...problems, ...differences(only.body, only.where, shape, `the backend of ${stack}`)];
};
