import type { Environment } from "../../environment/schema";

/**
 * Where what stacks read is kept: AWS' own images, Skyline's, and what the environment publishes. A plan can read all of
 * it, decrypted, so none of it may be secret: keys and passwords are in Secrets Manager.
 */
export const parameterPrefixes = (environment: string): readonly string[] => [
  "/aws/service/",
  "/skyline/images/",
  `/skyline/${environment}/`,
];

/** Parameters of images that an environment's file names elsewhere, sorted. */
export function parametersElsewhere(environment: Environment): readonly string[] {
  const prefixes = parameterPrefixes(environment.environment);
  const names = [...imageParameters(environment)].filter(
    (name) => !prefixes.some((prefix) => name.startsWith(prefix)),
  );
  return [...new Set(names)].sort();
}

/** Each `image: { ssm: NAME }`, wherever the file has images. */
function* imageParameters(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    if (key === "image" && typeof inner === "object" && inner !== null && "ssm" in inner) {
      if (typeof inner.ssm === "string") yield inner.ssm;
    } else {
      yield* imageParameters(inner);
    }
  }
}
