/**
 * The minor version whose API server the tests of this project run. Clients and add-ons keep to one minor on either
 * side of it, as Kubernetes' own version skew policy does (kubernetes.io/releases/version-skew-policy).
 */
export const TESTED_MINOR = 35;

/** Minor versions that a cluster may have, as `"1.35"`. */
export const SUPPORTED_MINORS: readonly string[] = [TESTED_MINOR - 1, TESTED_MINOR, TESTED_MINOR + 1].map(
  (minor) => `1.${minor}`,
);

/** `1.35` of `1.35` or `1.35.4`; undefined when the text is no version. */
export function minorOf(version: string): string | undefined {
  return /^(1\.\d+)(\.\d+)?$/.exec(version)?.[1];
}
