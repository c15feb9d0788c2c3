import { Fn } from "cdktf";

/**
 * User data as base64, with values that are known only at apply put in by Terraform.
 *
 * The text is encoded here and not by Terraform's `base64encode("…")`: cdktf 0.21 leaves backslashes in such a literal
 * unescaped, and Terraform reads `${` and `%{` in it as its own.
 *
 * @param values what stands for each place, such as `@@ENDPOINT@@`; a place that the text lacks is passed over
 */
export function encodeUserData(text: string, values: Readonly<Record<string, string>>): string {
  const encoded = Buffer.from(text, "utf8").toString("base64");
  const places = Object.entries(values).filter(([place]) => text.includes(place));
  if (places.length === 0) {
    return encoded;
  }
  const filled = places.reduce(
    (expression, [place, value]) => Fn.replace(expression, place, value),
    Fn.base64decode(encoded),
  );
  return Fn.base64encode(filled);
}
