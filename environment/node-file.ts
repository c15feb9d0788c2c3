/** A file that user data writes on a node. */
export interface NodeFile {
  readonly path: string;
  /** `user:group`. @default "root:root" */
  readonly owner?: string;
  /** @default "0644" */
  readonly mode?: string;
  readonly content: string;
  /**
   * The content is base64, which the node decodes.
   * @default false
   */
  readonly decode?: boolean;
}

/**
 * Environment file of a systemd unit. One line a variable, in double quotes: systemd and a shell read it alike.
 *
 * @throws Error when a value would not come back as it was written
 */
export function environmentFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (/["\\$`\n]/.test(value)) {
        throw new Error(
          `${name} cannot hold ${JSON.stringify(value)}: a shell would read it as something else`,
        );
      }
      return `${name}="${value}"\n`;
    })
    .join("");
}

/**
 * The flags of a program, for a unit that says `$ARGS`: systemd splits the variable at its blanks.
 *
 * @throws Error when a flag has a blank in it
 */
export function flagsFile(
  flags: Readonly<Record<string, string | number | boolean | readonly string[]>>,
): string {
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${String(value)}`);
  const split = args.find((arg) => /\s/.test(arg));
  if (split !== undefined) {
    throw new Error(`${JSON.stringify(split)} has a blank, at which systemd would split it`);
  }
  return environmentFile({ ARGS: args.join(" ") });
}
