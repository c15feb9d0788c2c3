/**
 * What the secrets of an environment hold, as data. Issuing, checking and the documentation all speak from it, so that
 * they cannot disagree.
 */

/** Files of one secret: texts by file name. */
export type Files = Readonly<Record<string, string>>;

/** A file of a secret. */
export interface FileOf {
  /** Name of the secret in Secrets Manager. */
  readonly secret: string;
  readonly file: string;
}

/** An authority that signs: `<name>.crt` and `<name>.key` of a secret. */
export interface AuthorityOf {
  readonly secret: string;
  readonly name: string;
}

export type Usage = "server" | "client";

/** A certificate with its key: `<name>.crt` and `<name>.key`. */
export interface CertificateContent {
  readonly kind: "certificate";
  readonly name: string;
  readonly authority: AuthorityOf;
  readonly commonName: string;
  /** For Kubernetes the group of a user. */
  readonly organization?: string;
  readonly usages: readonly Usage[];
  /** Host names that it stands for. */
  readonly hosts: readonly string[];
  /** IPv4 addresses that it stands for. */
  readonly addresses: readonly string[];
}

/** One thing that a secret holds; see {@link filesOf} for its files. */
export type Content =
  | { readonly kind: "authority"; readonly name: string; readonly commonName: string }
  | CertificateContent
  /** A file as it stands in another secret, which comes earlier. */
  | { readonly kind: "copy"; readonly file: string; readonly from: FileOf }
  /** Signs and checks service account tokens: `<name>.key` and `<name>.pub`. */
  | { readonly kind: "token-signer"; readonly name: string }
  /** 32 random bytes in base64, with which Consul encrypts gossip. */
  | { readonly kind: "gossip-key"; readonly file: string }
  /** A random UUID, which is a Consul token. */
  | { readonly kind: "token"; readonly file: string };

export interface PkiSecret {
  /** In Secrets Manager: `skyline/development/alpha/etcd-0`. */
  readonly name: string;
  /** Its last part, by which people name it: `etcd-0`. */
  readonly part: string;
  /** Who reads it, for its description in AWS and for people. */
  readonly reader: string;
  readonly contents: readonly Content[];
}

/** What belongs to one authority: a cluster's secrets, or Consul's. */
export interface PkiGroup {
  /** Undefined: Consul's, which is the environment's. */
  readonly cluster?: string;
  /** What others are issued or copied from comes first. */
  readonly secrets: readonly PkiSecret[];
  /** SSM parameter with base64 of a certificate, for Terraform; written when all else is there. */
  readonly parameter?: { readonly name: string; readonly from: FileOf };
}

/** How people call a group. */
export const titleOf = ({ cluster }: PkiGroup) => (cluster === undefined ? "Consul" : `cluster ${cluster}`);

/** Names of the files that a content consists of. */
export function filesOf(content: Content): string[] {
  switch (content.kind) {
    case "authority":
    case "certificate":
      return [`${content.name}.crt`, `${content.name}.key`];
    case "token-signer":
      return [`${content.name}.key`, `${content.name}.pub`];
    case "copy":
    case "gossip-key":
    case "token":
      return [content.file];
  }
}

/** Files of other secrets that a content is made from. */
export function originsOf(content: Content): FileOf[] {
  if (content.kind === "copy") {
    return [content.from];
  }
  if (content.kind === "certificate") {
    const { secret, name } = content.authority;
    return [".crt", ".key"].map((extension) => ({ secret, file: `${name}${extension}` }));
  }
  return [];
}

/** Contents of which a file is missing. */
export const missingContents = ({ contents }: PkiSecret, files: Files): Content[] =>
  contents.filter((content) => filesOf(content).some((file) => !files[file]));
