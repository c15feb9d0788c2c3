import { createPrivateKey, X509Certificate } from "node:crypto";
import type { CertificateContent, Content, Usage } from "./contents";
import { DAY } from "./issue";

/** Days before its end from which on a certificate is to be renewed. */
export const SOON_DAYS = 30;

/** What is wrong with a certificate. */
export type CertificateFault =
  "expired" | "expiring" | "key-mismatch" | "wrong-issuer" | "wrong-subject" | "wrong-names" | "wrong-usages";

export interface Fault {
  readonly code: CertificateFault;
  readonly message: string;
}

const USAGE_OIDS: Readonly<Record<Usage, string>> = {
  server: "1.3.6.1.5.5.7.3.1",
  client: "1.3.6.1.5.5.7.3.2",
};

/** The certificate that a text holds, or undefined. */
export function readCertificate(text: string | undefined): X509Certificate | undefined {
  try {
    return text ? new X509Certificate(text) : undefined;
  } catch {
    return undefined;
  }
}

/** `CN=kube-apiserver`, on one line. */
export const oneLine = (name: string) => name.split("\n").join(", ");

export const daysLeft = (certificate: X509Certificate, now: Date) =>
  Math.floor((Date.parse(certificate.validTo) - now.getTime()) / DAY);

/**
 * Holds a certificate and its key against what is wanted.
 * @param issuer certificate of the authority that has to have issued it; undefined: that one is missing itself
 */
export function faultsOf(
  wanted: Extract<Content, { kind: "authority" | "certificate" }>,
  certificate: X509Certificate,
  key: string,
  issuer: X509Certificate | undefined,
  now: Date,
): Fault[] {
  const faults: Fault[] = [];
  const days = daysLeft(certificate, now);
  if (days < 0) {
    faults.push({ code: "expired", message: `has expired on ${certificate.validTo}` });
  } else if (days < SOON_DAYS) {
    faults.push({ code: "expiring", message: `expires in ${days} days` });
  }
  if (!isKeyOf(certificate, key)) {
    faults.push({ code: "key-mismatch", message: "has a key that is not its own" });
  }
  if (issuer !== undefined && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))) {
    faults.push({
      code: "wrong-issuer",
      message: `is not issued by the authority, ${oneLine(issuer.subject)}`,
    });
  }
  const subject = subjectOf(wanted);
  if (certificate.subject !== subject) {
    const message = `is ${oneLine(certificate.subject)}, not ${oneLine(subject)}`;
    faults.push({ code: "wrong-subject", message });
  }
  return wanted.kind === "authority" ? faults : [...faults, ...leafFaults(wanted, certificate)];
}

function leafFaults(wanted: CertificateContent, certificate: X509Certificate): Fault[] {
  const names = difference(namesOf(certificate), [
    ...wanted.hosts.map((host) => `DNS:${host}`),
    ...wanted.addresses.map((address) => `IP Address:${address}`),
  ]);
  const usages = difference(
    certificate.keyUsage ?? [],
    wanted.usages.map((usage) => USAGE_OIDS[usage]),
  );
  return [
    ...(names === undefined
      ? []
      : [{ code: "wrong-names" as const, message: `stands for other names: ${names}` }]),
    ...(usages === undefined
      ? []
      : [{ code: "wrong-usages" as const, message: `has other usages: ${usages}` }]),
  ];
}

const subjectOf = (wanted: { readonly commonName: string; readonly organization?: string }) =>
  [
    ...(wanted.organization === undefined ? [] : [`O=${wanted.organization}`]),
    `CN=${wanted.commonName}`,
  ].join("\n");

const namesOf = ({ subjectAltName }: X509Certificate) => subjectAltName?.split(", ") ?? [];

/** `lacks a, has b`; undefined when both are the same but for their order. */
function difference(has: readonly string[], wants: readonly string[]): string | undefined {
  const lacks = wants.filter((name) => !has.includes(name));
  const more = has.filter((name) => !wants.includes(name));
  const parts = [
    lacks.length > 0 && `lacks ${lacks.join(", ")}`,
    more.length > 0 && `has ${more.join(", ")}`,
  ];
  return parts.filter((part) => part !== false).join("; ") || undefined;
}

function isKeyOf(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
