import { createPrivateKey, createPublicKey } from "node:crypto";
import { daysLeft, faultsOf, oneLine, readCertificate, type CertificateFault } from "./certificate-check";
import { filesOf, type Content, type FileOf, type Files, type PkiGroup, type PkiSecret } from "./contents";
import { publicPem } from "./issue";
import type { Stored } from "./store";

/** One thing that is not as the environment file wants it. */
export interface Finding {
  readonly code: CertificateFault | `${Exclude<Stored["state"], "present">}-secret` | OtherFinding;
  /** Secret or parameter. */
  readonly name: string;
  readonly file: string | null;
  readonly message: string;
  /** What puts it right: a command, or a page. */
  readonly fix: string;
}

type OtherFinding =
  "missing-file" | "unreadable-file" | "stale-copy" | "missing-parameter" | "wrong-parameter";

/** A certificate as it stands. */
export interface CertificateStatus {
  /** Undefined: Consul's. */
  readonly cluster: string | null;
  readonly secret: string;
  readonly file: string;
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly expires: string;
  readonly daysLeft: number;
  readonly faults: readonly CertificateFault[];
}

export interface Inspection {
  readonly certificates: readonly CertificateStatus[];
  readonly findings: readonly Finding[];
}

/** The secrets of a group by name, and the value of its parameter. */
export interface GroupAsStored {
  readonly secrets: ReadonlyMap<string, Stored>;
  readonly parameter?: string;
}

/** Holds what is stored against what a group wants. Nothing that is secret goes into what it gives back. */
export function inspect(environment: string, group: PkiGroup, stored: GroupAsStored, now: Date): Inspection {
  const found = group.secrets.map((secret) =>
    new SecretInspection(environment, group, secret, stored, now).run(),
  );
  return {
    certificates: found.flatMap(({ certificates }) => certificates),
    findings: [
      ...found.flatMap(({ findings }) => findings),
      ...parameterFindings(environment, group, stored),
    ],
  };
}

const STATES = {
  absent: "there is no such secret",
  empty: "has no value",
  deleted: "is deleted, and can still be restored",
  unreadable: "is no JSON object from file names to texts",
} as const;

const PAGE = "docs/commands/pki.md says what to do";

class SecretInspection {
  private readonly certificates: CertificateStatus[] = [];
  private readonly findings: Finding[] = [];

  constructor(
    private readonly environment: string,
    private readonly group: PkiGroup,
    private readonly secret: PkiSecret,
    private readonly stored: GroupAsStored,
    private readonly now: Date,
  ) {}

  run(): Inspection {
    const found = this.stored.secrets.get(this.secret.name) ?? { state: "absent" };
    if (found.state === "present") {
      this.secret.contents.forEach((content) => this.content(content, found.files));
    } else {
      const fix =
        found.state === "deleted"
          ? `aws secretsmanager restore-secret --secret-id ${this.secret.name}`
          : found.state === "unreadable"
            ? PAGE
            : initCommand(this.environment);
      this.add(`${found.state}-secret`, null, STATES[found.state], fix);
    }
    return { certificates: this.certificates, findings: this.findings };
  }

  private content(content: Content, files: Files): void {
    const missing = filesOf(content).filter((file) => !files[file]);
    if (missing.length > 0) {
      missing.forEach((file) => this.add("missing-file", file, "is missing", initCommand(this.environment)));
      return;
    }
    switch (content.kind) {
      case "authority":
      case "certificate":
        return this.certificate(content, files);
      case "copy": {
        const origin = this.textOf(content.from);
        return origin === undefined || origin === files[content.file]
          ? undefined
          : this.add(
              "stale-copy",
              content.file,
              `differs from ${content.from.file} of ${content.from.secret}`,
            );
      }
      case "token-signer":
        return isPublicKeyOf(files[`${content.name}.pub`], files[`${content.name}.key`])
          ? undefined
          : this.add("key-mismatch", `${content.name}.pub`, "is not the public key of its key", PAGE);
      case "gossip-key":
        return Buffer.from(files[content.file] ?? "", "base64").length === 32
          ? undefined
          : this.add("unreadable-file", content.file, "is not base64 of 32 bytes", PAGE);
      case "token":
        return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(files[content.file] ?? "")
          ? undefined
          : this.add("unreadable-file", content.file, "is no UUID", PAGE);
    }
  }

  private certificate(content: Extract<Content, { kind: "authority" | "certificate" }>, files: Files): void {
    const file = `${content.name}.crt`;
    const fix = content.kind === "authority" ? PAGE : this.renewCommand();
    const certificate = readCertificate(files[file]);
    if (certificate === undefined) {
      return this.add("unreadable-file", file, "is no certificate in PEM", fix);
    }
    const issuer =
      content.kind === "authority"
        ? certificate
        : readCertificate(
            this.textOf({ secret: content.authority.secret, file: `${content.authority.name}.crt` }),
          );
    const faults = faultsOf(content, certificate, files[`${content.name}.key`] ?? "", issuer, this.now);
    faults.forEach(({ code, message }) => this.add(code, file, message, fix));
    this.certificates.push({
      cluster: this.group.cluster ?? null,
      secret: this.secret.name,
      file,
      subject: oneLine(certificate.subject),
      issuer: oneLine(certificate.issuer),
      expires: new Date(certificate.validTo).toISOString(),
      daysLeft: daysLeft(certificate, this.now),
      faults: faults.map(({ code }) => code),
    });
  }

  private textOf({ secret, file }: FileOf): string | undefined {
    const found = this.stored.secrets.get(secret);
    return found?.state === "present" ? found.files[file] : undefined;
  }

  private add(code: Finding["code"], file: string | null, message: string, fix = this.renewCommand()): void {
    this.findings.push({ code, name: this.secret.name, file, message, fix });
  }

  private renewCommand(): string {
    const { cluster } = this.group;
    const whose = cluster === undefined ? "--consul" : `--cluster ${cluster}`;
    return `skyline pki renew --env ${this.environment} ${whose} --secret ${this.secret.part}`;
  }
}

/** The value that a group's parameter has to have; undefined when the certificate is not there. */
export function parameterValue(group: PkiGroup, stored: GroupAsStored): string | undefined {
  const from = group.parameter?.from;
  const secret = from === undefined ? undefined : stored.secrets.get(from.secret);
  const certificate = secret?.state === "present" && from !== undefined ? secret.files[from.file] : undefined;
  return certificate ? Buffer.from(certificate).toString("base64") : undefined;
}

function parameterFindings(environment: string, group: PkiGroup, stored: GroupAsStored): Finding[] {
  if (group.parameter === undefined) {
    return [];
  }
  const finding = (code: OtherFinding, message: string, fix: string): Finding[] => [
    { code, name: group.parameter?.name ?? "", file: null, message, fix },
  ];
  const wanted = parameterValue(group, stored);
  if (stored.parameter === undefined) {
    return finding("missing-parameter", "there is no such parameter", initCommand(environment));
  }
  return wanted === undefined || wanted === stored.parameter
    ? []
    : finding("wrong-parameter", "is not the certificate of the cluster's authority", PAGE);
}

const initCommand = (environment: string) => `skyline pki init --env ${environment}`;

function isPublicKeyOf(publicKey: string | undefined, key: string | undefined): boolean {
  try {
    return publicKey === publicPem(createPublicKey(createPrivateKey(key ?? "")));
  } catch {
    return false;
  }
}
