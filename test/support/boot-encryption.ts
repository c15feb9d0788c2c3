import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LaunchOptions } from "./boot-world";
import { compilePrograms } from "./compiled-programs";

const NAME = "encryption-provider";

/** encryption-provider.ts in the place of a controller's aws-encryption-provider, with the node of this process. */
export function encryptionProvider(folder: string): Pick<LaunchOptions, "files" | "programs" | "folders"> {
  const compiled = join(folder, "stand-in");
  mkdirSync(compiled, { recursive: true });
  compilePrograms(compiled, [NAME]);
  copyFileSync(join(__dirname, `${NAME}.proto`), join(compiled, `${NAME}.proto`));
  return {
    files: { "/etc/systemd/system/aws-encryption-provider.service.d/stand-in.conf": UNIT },
    programs: { "/usr/local/bin/aws-encryption-provider": PROGRAM },
    folders: {
      "/opt/node_modules": join(__dirname, "..", "..", "node_modules"),
      "/opt/node": dirname(process.execPath),
      "/opt/stand-in": compiled,
    },
  };
}

const PROGRAM = `#!/bin/sh
export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
exec /opt/node/node /opt/stand-in/${NAME}.js "$@"
`;

/** What node calls and the real one, which is a program in Go, does not. */
const UNIT = "[Service]\nSystemCallFilter=@pkey\n";
