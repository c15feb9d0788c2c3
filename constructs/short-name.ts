import { createHash } from "node:crypto";

/**
 * A name of at most `longest` characters, for what AWS gives less room than others: one that is too long is cut, and
 * told apart by six digits of its hash.
 */
export function shortName(name: string, longest: number): string {
  if (name.length <= longest) {
    return name;
  }
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.slice(0, longest - 7).replace(/-+$/, "")}-${hash}`;
}
