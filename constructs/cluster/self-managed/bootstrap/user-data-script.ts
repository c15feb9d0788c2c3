import { posix } from "node:path";
import { imageDirectory, imageRole, type ImageRole } from "../../../../environment/image-contract";
import { environmentFile, type NodeFile } from "../../../../environment/node-file";

export interface UserDataScript {
  readonly role: ImageRole;
  /** Variables of /etc/skyline/node.env, which the units of the image read. */
  readonly node: Readonly<Record<string, string>>;
  readonly files: readonly NodeFile[];
  /**
   * Unit to start.
   * @default - the target of the role
   */
  readonly target?: string;
}

/** EC2 refuses more, counted before base64. */
const MOST_BYTES = 16 * 1024;
/** What places may grow by when their values are filled in, where there are any. */
const ROOM_FOR_VALUES = 3 * 1024;

/** Variables of the node, for every unit of the image that wants them. */
const NODE_ENVIRONMENT = "/etc/skyline/node.env";

const END = "END_OF_FILE";

/**
 * User data as a bash script: it writes the node's files and starts the target of its role. Everything else, the units
 * and what they run, is in the image.
 *
 * @throws Error when it is too large for EC2, or holds what Terraform or the shell would read as their own
 */
export function userDataScript(script: UserDataScript): string {
  const files = [{ path: NODE_ENVIRONMENT, content: environmentFile(script.node) }, ...script.files];
  const text = `#!/bin/bash
set -euo pipefail
put() {
  install -D -o root -g root -m "$1" /dev/stdin "$3"
  chown "$2" "$3"
}
${files.map((file) => put(script.role, file)).join("")}systemctl daemon-reload
systemctl enable --now --no-block ${script.target ?? target(script.role)}
`;
  const bytes = Buffer.byteLength(text);
  const room = /@@\w+@@/.test(text) ? ROOM_FOR_VALUES : 0;
  if (bytes > MOST_BYTES - room) {
    throw new Error(
      `user data of role ${script.role} has ${bytes} bytes; EC2 takes ${MOST_BYTES}, ${room} of them are for values`,
    );
  }
  return text;
}

function put(
  role: ImageRole,
  { path, owner = "root:root", mode = "0644", content, decode }: NodeFile,
): string {
  imageDirectory(role, posix.dirname(path));
  if (/[$%]\{/.test(content)) {
    throw new Error(`${path} holds "\${" or "%{", which Terraform reads as its own`);
  }
  if (content.split("\n").includes(END) || !content.endsWith("\n")) {
    throw new Error(`${path} does not end with a new line, or has a line ${END}`);
  }
  const write = `put ${mode} ${owner} ${path}`;
  return `${decode === true ? `base64 -d <<'${END}' | ${write}` : `${write} <<'${END}'`}\n${content}${END}\n`;
}

function target(role: ImageRole): string {
  const { target } = imageRole(role);
  if (target === undefined) {
    throw new Error(`images of ${role} have no target of their own`);
  }
  return target;
}
