export interface Part {
  readonly type: string;
  readonly content: string;
}

/** Constant: a boundary that changed by itself would replace every node. */
const BOUNDARY = "==SKYLINE-BOUNDARY==";

/** MIME multipart, the form in which cloud-init and nodeadm take several documents as one user data. */
export function multipart(parts: readonly Part[]): string {
  const clash = parts.find((part) => part.content.includes(BOUNDARY));
  if (clash !== undefined) {
    throw new Error(`a part of type ${clash.type} contains the boundary ${BOUNDARY}`);
  }
  const bodies = parts.map(
    (part) =>
      `--${BOUNDARY}\nContent-Type: ${part.type}; charset="us-ascii"\nMIME-Version: 1.0\n\n${part.content}`,
  );
  return [
    `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${BOUNDARY}"\n`,
    ...bodies,
    `--${BOUNDARY}--\n`,
  ].join("\n");
}
