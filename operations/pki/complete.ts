import { createPrivateKey, createPublicKey, randomBytes, randomUUID } from "node:crypto";
import { filesOf, missingContents, type Content, type FileOf, type Files, type PkiSecret } from "./contents";
import { OperationFailure } from "../failure";
import { issueAuthority, issueCertificate, publicPem, tokenSigner } from "./issue";

/** What is known of the secrets so far, by name. */
export type Known = ReadonlyMap<string, Files>;

/** The files of a secret with everything that is missing made; what is there stays as it is. */
export async function completed(secret: PkiSecret, files: Files, known: Known, now: Date): Promise<Files> {
  return made(missingContents(secret, files), files, known, now);
}

/**
 * The files of a secret with new certificates and keys, and copies as their origins stand. What is random, and the key
 * that signs tokens, stays as it is: what was made with it would be void.
 */
export async function renewed(secret: PkiSecret, files: Files, known: Known, now: Date): Promise<Files> {
  const missing = missingContents(secret, files);
  const contents = secret.contents.filter(
    (content) => content.kind === "certificate" || content.kind === "copy" || missing.includes(content),
  );
  return made(contents, files, known, now);
}

async function made(contents: readonly Content[], files: Files, known: Known, now: Date): Promise<Files> {
  let all = files;
  for (const content of contents) {
    const texts = await make(content, all, known, now);
    all = {
      ...all,
      ...Object.fromEntries(filesOf(content).map((file, index) => [file, texts[index] ?? ""])),
    };
  }
  return all;
}

/** Texts of the files of a content, in the order of its files. */
async function make(content: Content, files: Files, known: Known, now: Date): Promise<string[]> {
  switch (content.kind) {
    case "authority": {
      const { certificate, key } = await issueAuthority(content.commonName, now);
      return [certificate, key];
    }
    case "certificate": {
      const { secret, name } = content.authority;
      const authority = {
        certificate: textOf(known, { secret, file: `${name}.crt` }),
        key: textOf(known, { secret, file: `${name}.key` }),
      };
      const { certificate, key } = await issueCertificate(authority, content, now);
      return [certificate, key];
    }
    case "copy":
      return [textOf(known, content.from)];
    case "token-signer": {
      // A key that is there has signed tokens: what it lacks is read from it.
      const existing = files[`${content.name}.key`];
      if (existing) {
        return [existing, publicPem(createPublicKey(createPrivateKey(existing)))];
      }
      const { publicKey, key } = await tokenSigner();
      return [key, publicKey];
    }
    case "gossip-key":
      return [randomBytes(32).toString("base64")];
    case "token":
      return [randomUUID()];
  }
}

function textOf(known: Known, { secret, file }: FileOf): string {
  const text = known.get(secret)?.[file];
  if (!text) {
    throw new OperationFailure("refused", `${file} is missing in secret ${secret}`, "run skyline pki init");
  }
  return text;
}
