import { readFileSync } from "node:fs";
import { parseEnvironment } from "../../../../environment/load";
import type { Environment } from "../../../../environment/schema";
import type { Files } from "../../../../operations/pki/contents";
import type { PkiStore, Stored } from "../../../../operations/pki/store";
import { edit, fixture } from "../../environment/problems";

const text = readFileSync(fixture("complete"), "utf8");

/** The environment "complete", whose cluster alpha is self-managed, with changes. */
export const environmentWith = (...edits: readonly [string, string][]): Environment =>
  parseEnvironment(
    edits.reduce((all, [before, after]) => edit(all, before, after), text),
    "complete.yaml",
  );

/** As {@link environmentWith}, with five etcd members in as many zones. */
export const FIVE_MEMBERS: readonly [string, string][] = [
  [
    "zones: [us-east-1a, us-east-1b, us-east-1c]",
    "zones: [us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e]",
  ],
  ["members: 3", "members: 5"],
];

/** A store in memory, which does everything at once as Secrets Manager does, and can be made to fail. */
export class MemoryStore implements PkiStore {
  readonly secrets = new Map<string, Stored>();
  readonly parameters = new Map<string, string>();
  /** What was written, in order. */
  readonly writes: string[] = [];
  /** Called before each write; may throw, which leaves it undone. */
  beforeWrite: (name: string) => void | Promise<void> = () => undefined;

  /** Another store that holds the same, and has written nothing. */
  copy(): MemoryStore {
    const copy = new MemoryStore();
    this.secrets.forEach((stored, name) => copy.secrets.set(name, stored));
    this.parameters.forEach((value, name) => copy.parameters.set(name, value));
    return copy;
  }

  /** Texts of a secret. */
  files(name: string): Files {
    const found = this.secrets.get(name);
    if (found?.state !== "present") {
      throw new Error(`secret ${name} is ${found?.state ?? "absent"}`);
    }
    return found.files;
  }

  /** Puts texts in the place of a secret's; undefined takes one out. */
  change(name: string, changes: Readonly<Record<string, string | undefined>>): void {
    const files = Object.entries({ ...this.files(name), ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    this.secrets.set(name, { state: "present", version: "changed", files: Object.fromEntries(files) });
  }

  read({ name }: { readonly name: string }): Promise<Stored> {
    return Promise.resolve(this.secrets.get(name) ?? { state: "absent" });
  }

  readExisting(secret: { readonly name: string }): Promise<Stored> {
    return this.read(secret);
  }

  async create({ name }: { readonly name: string }, _: unknown, files: Files): Promise<string | undefined> {
    await this.beforeWrite(name);
    return this.secrets.has(name) ? undefined : this.write(name, files);
  }

  async replace(
    { name }: { readonly name: string },
    files: Files,
    base: string | undefined,
  ): Promise<string | undefined> {
    await this.beforeWrite(name);
    const found = this.secrets.get(name);
    const version = found?.state === "present" ? found.version : undefined;
    return version === base ? this.write(name, files) : undefined;
  }

  readParameter(name: string): Promise<string | undefined> {
    return Promise.resolve(this.parameters.get(name));
  }

  async createParameter(name: string, _: unknown, value: string): Promise<boolean> {
    await this.beforeWrite(name);
    if (this.parameters.has(name)) {
      return false;
    }
    this.parameters.set(name, value);
    this.writes.push(name);
    return true;
  }

  /** Everything that must never be shown: keys, tokens. */
  secretTexts(): string[] {
    return [...this.secrets.values()].flatMap((stored) =>
      stored.state === "present"
        ? Object.entries(stored.files).flatMap(([file, content]) => (file.endsWith(".crt") ? [] : [content]))
        : [],
    );
  }

  private write(name: string, files: Files): string {
    this.writes.push(name);
    const version = `version-${this.writes.length}`;
    this.secrets.set(name, { state: "present", version, files });
    return version;
  }
}
