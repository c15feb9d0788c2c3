import type { Files, PkiSecret } from "./contents";

/** A secret as it stands in the store. */
export type Stored =
  | { readonly state: "present"; readonly version: string; readonly files: Files }
  /** There is no such secret. */
  | { readonly state: "absent" }
  /** There is one, without a value. */
  | { readonly state: "empty" }
  /** Somebody has deleted it; it can be restored, and until then no other one can have its name. */
  | { readonly state: "deleted" }
  /** Its value is no JSON object from file names to texts. */
  | { readonly state: "unreadable" };

/**
 * Where secrets are kept. A create, and a replace that names the version before, are done once: of several runs one
 * wins, and the others are told so.
 */
export interface PkiStore {
  read(secret: PkiSecret): Promise<Stored>;
  /** {@link read}, of a secret that a create has found to be there: waits until it can be read. */
  readExisting(secret: PkiSecret): Promise<Stored>;
  /** @returns the version, or undefined when there is a secret of that name already */
  create(secret: PkiSecret, group: Belonging, files: Files): Promise<string | undefined>;
  /**
   * A new current version.
   * @param base version that it follows; undefined: the secret is empty
   * @returns the version, or undefined when another one has followed `base`
   */
  replace(secret: PkiSecret, files: Files, base: string | undefined): Promise<string | undefined>;
  readParameter(name: string): Promise<string | undefined>;
  /** @returns false when there is one already */
  createParameter(name: string, group: Belonging, value: string): Promise<boolean>;
}

/** Whose a secret is. */
export interface Belonging {
  readonly cluster?: string;
}
