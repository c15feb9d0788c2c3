import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Whether a GET that was signed in its query (Signature Version 4) is as its signer made it. It is what STS does with the
 * tokens of aws-iam-authenticator, and moto does not: the name of the cluster is a header that was signed.
 *
 * @param secretOf secret access key of an access key; undefined where there is none
 */
export function signedAsSent(
  { method = "", url = "", headers }: Pick<IncomingMessage, "method" | "url" | "headers">,
  secretOf: (accessKey: string) => string | undefined,
): boolean {
  const [path = "", query = ""] = url.split("?");
  const values = new URLSearchParams(query);
  const [accessKey = "", ...scope] = (values.get("X-Amz-Credential") ?? "").split("/");
  const secret = secretOf(accessKey);
  if (secret === undefined) return false;
  const signed = (values.get("X-Amz-SignedHeaders") ?? "").split(";");
  const pairs = query.split("&").filter((pair) => !pair.startsWith("X-Amz-Signature="));
  const canonical = [
    ...[method, path, pairs.sort().join("&")],
    ...signed.map((name) => `${name}:${String(headers[name] ?? "").trim()}`),
    ...["", signed.join(";"), sha256("")],
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", values.get("X-Amz-Date"), scope.join("/"), sha256(canonical)].join("\n");
  const key = scope.reduce((from: Buffer | string, part) => hmac(from, part), `AWS4${secret}`);
  const expected = Buffer.from(hmac(key, text).toString("hex"));
  const given = Buffer.from(values.get("X-Amz-Signature") ?? "");
  return expected.length === given.length && timingSafeEqual(expected, given);
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: Buffer | string, text: string) => createHmac("sha256", key).update(text).digest();
