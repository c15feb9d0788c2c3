import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Debian's, and the one that its AWS CLI brings along. */
const TRUST_STORES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/usr/lib/python3/dist-packages/awscli/botocore/cacert.pem",
];

/** For every name of AWS that a machine may call; it is its own authority. */
export async function awsCertificate(folder: string, region: string): Promise<{ cert: string; key: string }> {
  const names = [
    "amazonaws.com",
    `${region}.amazonaws.com`,
    `s3.${region}.amazonaws.com`,
    "s3.amazonaws.com",
  ];
  const [cert, key] = [join(folder, "aws.crt"), join(folder, "aws.key")];
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7"],
    ...["-subj", "/CN=Stands for Amazon", "-out", cert, "-keyout", key],
    ...["-addext", `subjectAltName=${names.map((name) => `DNS:*.${name}`).join(",")}`],
  ]);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/** Files by path: the authorities that programs of the image trust, and one more. */
export function trusting(image: string, certificate: string): Record<string, string> {
  const stores = TRUST_STORES.filter((store) => existsSync(join(image, store)));
  return Object.fromEntries(
    stores.map((store) => [store, `${readFileSync(join(image, store), "utf8")}\n${certificate}`]),
  );
}
