import { Document, Scalar, visit } from "yaml";
import type { Manifest } from "./manifests";

/**
 * YAML documents, as `kubectl apply -f -` reads them. kubectl reads YAML 1.1, in which `on` is true and `0444` is 292,
 * others read 1.2, in which `0o444` is: a string that is something else in either is quoted.
 */
export const toYaml = (manifests: readonly Manifest[]): string => manifests.map(document).join("---\n");

/** Controls, and what ends a line in YAML 1.1 alone: not to be in a document, or read as a space, without an escape. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A block whose first line is indented, or that has lines of nothing but blanks: yaml 2.9 loses blanks of such a one. */
const HARD_IN_A_BLOCK = /^[ \t\n]|\n[ \t]+(\n|$)/;

function document(manifest: Manifest): string {
  const made = new Document(manifest, { version: "1.2", compat: "yaml-1.1", aliasDuplicateObjects: false });
  visit(made, {
    Scalar: (_, scalar) => {
      // << is the sign for a merge, which no schema counts among its values.
      if (
        typeof scalar.value === "string" &&
        (scalar.value === "<<" || scalar.value.search(UNPRINTABLE) >= 0 || HARD_IN_A_BLOCK.test(scalar.value))
      ) {
        scalar.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  // In double quotes all of them, where an escape means the character.
  return made
    .toString({ lineWidth: 0, blockQuote: "literal" })
    .replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
