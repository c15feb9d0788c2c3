import { execFile } from "node:child_process";
import { generateKeyPair, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** PEM texts. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const DAYS = "7";

/** Makes the certificates of one cluster with the openssl command, in a folder of its own. */
export class CertificateAuthority {
  static async create(directory: string): Promise<CertificateAuthority> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const config = join(directory, "openssl.cnf");
    // Complete in itself, so that the machine's own openssl.cnf does not matter.
    await writeFile(config, OPENSSL_CONFIG);
    const [keyFile, certFile] = [join(directory, "ca.key"), join(directory, "ca.crt")];
    await writeFile(keyFile, (await ecKeys()).privateKey, { mode: 0o600 });
    await openssl("req", ["-x509", "-new"], {
      config,
      extensions: "authority",
      key: keyFile,
      subj: distinguishedName("skyline-test-ca", []),
      days: DAYS,
      out: certFile,
    });
    return new CertificateAuthority(directory, config, certFile, keyFile, await readFile(certFile, "utf8"));
  }

  private issued = 0;

  private constructor(
    private readonly directory: string,
    private readonly config: string,
    readonly certFile: string,
    readonly keyFile: string,
    readonly cert: string,
  ) {}

  /** For a server on 127.0.0.1. */
  server(name: string): Promise<KeyPair> {
    return this.issue(distinguishedName(name, []), "server");
  }

  /** What Kubernetes takes for this user in these groups. */
  client(user: string, groups: readonly string[]): Promise<KeyPair> {
    return this.issue(distinguishedName(user, groups), "client");
  }

  private async issue(subject: string, kind: "server" | "client"): Promise<KeyPair> {
    const number = ++this.issued;
    const file = (extension: string) => join(this.directory, `${kind}-${number}.${extension}`);
    const key = (await ecKeys()).privateKey;
    await writeFile(file("key"), key, { mode: 0o600 });
    await openssl("req", ["-new", "-utf8"], {
      config: this.config,
      key: file("key"),
      subj: subject,
      out: file("csr"),
    });
    await openssl("x509", ["-req", "-sha256"], {
      in: file("csr"),
      CA: this.certFile,
      CAkey: this.keyFile,
      set_serial: `0x01${randomBytes(15).toString("hex")}`,
      days: DAYS,
      extfile: this.config,
      extensions: kind,
      out: file("crt"),
    });
    return { cert: await readFile(file("crt"), "utf8"), key };
  }
}

/**
 * A request for a certificate with this name and these groups, and the key that it is for.
 *
 * @param directory an existing folder for its files
 */
export async function signingRequest(
  directory: string,
  user: string,
  groups: readonly string[],
): Promise<{ readonly request: string; readonly key: string }> {
  const folder = await mkdtemp(join(directory, "request-"));
  const file = (name: string) => join(folder, name);
  const { privateKey: key } = await ecKeys();
  await writeFile(file("key"), key, { mode: 0o600 });
  await writeFile(file("openssl.cnf"), OPENSSL_CONFIG);
  await openssl("req", ["-new", "-utf8"], {
    config: file("openssl.cnf"),
    key: file("key"),
    subj: distinguishedName(user, groups),
    out: file("csr"),
  });
  return { request: await readFile(file("csr"), "utf8"), key };
}

/** Signs and checks service account tokens. RSA, as every identity provider's federation accepts. */
export async function serviceAccountKeys(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

function ecKeys(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)("ec", {
    namedCurve: "prime256v1",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

function distinguishedName(commonName: string, organizations: readonly string[]): string {
  const escaped = (value: string) => value.replace(/[\\/+]/g, "\\$&");
  return [`/CN=${escaped(commonName)}`, ...organizations.map((name) => `/O=${escaped(name)}`)].join("");
}

async function openssl(
  command: string,
  flags: readonly string[],
  options: Readonly<Record<string, string>>,
): Promise<void> {
  const args = Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]);
  try {
    await promisify(execFile)("openssl", [command, ...flags, ...args]);
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    if (code === "ENOENT") throw new Error("certificates of test clusters need the openssl command on PATH");
    throw new Error(`openssl ${command} failed: ${stderr?.trim()}`);
  }
}

const OPENSSL_CONFIG = `[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost, DNS:kubernetes, DNS:kubernetes.default.svc
[client]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
`;
