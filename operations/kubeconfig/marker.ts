/**
 * The mark on an entry that Skyline has made: an extension, which kubectl keeps when it writes a file anew. Names are no
 * mark: somebody else may have had the same idea.
 */
const NAME = "skyline";

export interface Marker {
  readonly environment: string;
  /** Undefined on the context of the active cluster. */
  readonly cluster?: string;
  /** End of a certificate that is in the entry, ISO 8601. */
  readonly expires?: string;
}

/** As it stands under `extensions` of a cluster, a context or a user. */
export const extensionsOf = (marker: Marker) => [{ name: NAME, extension: { ...marker } }];

/** The mark of a cluster, a context or a user; undefined when there is none. */
export function markerOf(value: unknown): Marker | undefined {
  const extensions = (value as { extensions?: unknown } | null | undefined)?.extensions;
  if (!Array.isArray(extensions)) {
    return undefined;
  }
  const found = (extensions as ({ name?: unknown; extension?: unknown } | null)[]).find(
    (extension) => extension?.name === NAME,
  );
  const { environment, cluster, expires } = (found?.extension ?? {}) as Partial<Record<string, unknown>>;
  if (typeof environment !== "string") {
    return undefined;
  }
  return {
    environment,
    ...(typeof cluster === "string" ? { cluster } : {}),
    ...(typeof expires === "string" ? { expires } : {}),
  };
}
