import {
  createPrivateKey,
  generateKeyPair,
  randomBytes,
  webcrypto,
  X509Certificate,
  type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";
import { OperationFailure } from "../failure";
import type { CertificateContent } from "./contents";

/** A certificate and its private key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export const DAY = 24 * 60 * 60 * 1000;
/** One day less than what the strictest clients take as the longest life of a server's certificate. */
export const LEAF_DAYS = 397;
export const AUTHORITY_YEARS = 10;
/** Clocks differ: a certificate holds a little before it is issued. */
const BACKDATED = 5 * 60 * 1000;

const ECDSA = { name: "ECDSA", namedCurve: "P-256" };

/** A new authority, which signs certificates but no other authorities. */
export async function issueAuthority(commonName: string, now: Date): Promise<KeyPair> {
  const x509 = await library();
  const { publicKey, privateKey } = await ellipticKeys();
  const notBefore = wholeSeconds(now.getTime() - BACKDATED);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + AUTHORITY_YEARS);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [commonName] }],
    issuer: [{ CN: [commonName] }],
    notBefore,
    notAfter,
    publicKey: spki(publicKey),
    signingKey: await signingKey(privateKey),
    signingAlgorithm: { ...ECDSA, hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(spki(publicKey)),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: pem(privateKey) };
}

/**
 * A new certificate with a new key.
 *
 * @param until end of its life; by default the longest that clients take of a server
 * @throws OperationFailure when the authority cannot sign: it has expired, or its key is another one's
 */
export async function issueCertificate(
  authority: KeyPair,
  { commonName, organization, usages, hosts, addresses }: CertificateContent,
  now: Date,
  until?: Date,
): Promise<KeyPair> {
  const x509 = await library();
  const { certificate: issuer, key } = readAuthority(authority, now);
  const { publicKey, privateKey } = await ellipticKeys();
  const notBefore = wholeSeconds(now.getTime() - BACKDATED);
  const longest = until?.getTime() ?? notBefore.getTime() + LEAF_DAYS * DAY;
  const end = Math.min(longest, Date.parse(issuer.validTo));
  const usage = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };
  const names = [
    ...hosts.map((value) => ({ type: "dns" as const, value })),
    ...addresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(organization === undefined ? [] : [{ O: [organization] }]), { CN: [commonName] }],
    // As it stands in the authority's certificate, byte for byte: clients compare no less.
    issuer: new x509.X509Certificate(authority.certificate).subjectName,
    notBefore,
    notAfter: new Date(end),
    publicKey: spki(publicKey),
    signingKey: await signingKey(key),
    signingAlgorithm: { ...ECDSA, hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages.map((name) => usage[name])),
      await x509.SubjectKeyIdentifierExtension.create(spki(publicKey)),
      await x509.AuthorityKeyIdentifierExtension.create(spki(issuer.publicKey)),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: pem(privateKey) };
}

/** Signs service account tokens: RSA, which every identity provider takes that tokens may be federated with. */
export async function tokenSigner(): Promise<{ readonly publicKey: string; readonly key: string }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return { publicKey: publicPem(publicKey), key: pem(privateKey) };
}

export const publicPem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();

const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();
const spki = (key: KeyObject) => key.export({ type: "spki", format: "der" });

function readAuthority({ certificate, key }: KeyPair, now: Date) {
  const issuer = new X509Certificate(certificate);
  const privateKey = createPrivateKey(key);
  const name = issuer.subject.replace(/^CN=/, "");
  if (!issuer.checkPrivateKey(privateKey)) {
    throw new OperationFailure("conflict", `the key of authority ${name} is not its certificate's`);
  }
  if (Date.parse(issuer.validTo) <= now.getTime()) {
    throw new OperationFailure(
      "refused",
      `authority ${name} has expired on ${issuer.validTo}`,
      "docs/commands/pki.md says how to replace an authority",
    );
  }
  return { certificate: issuer, key: privateKey };
}

/** Loaded when the first certificate is issued: it costs a fifth of a second, which no other command should pay. */
async function library() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

const ellipticKeys = () => promisify(generateKeyPair)("ec", { namedCurve: "P-256" });

const signingKey = (key: KeyObject) =>
  webcrypto.subtle.importKey("pkcs8", key.export({ type: "pkcs8", format: "der" }), ECDSA, false, ["sign"]);

/** 127 random bits behind a first one that makes the number positive, and never short. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

/** Certificates count whole seconds. */
const wholeSeconds = (time: number) => new Date(Math.floor(time / 1000) * 1000);
