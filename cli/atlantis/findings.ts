import type { Finding } from "../../operations/atlantis/code-check/finding";
import type { ErrorReport } from "../error-report";

/** Findings of the code check, each an error of the command. */
export const reportFindings = (findings: readonly Finding[]): ErrorReport[] =>
  findings.map(({ rule, stack, where, message }) => ({
    code: `code-${rule}`,
    message,
    hint: null,
    object: where === "" ? stack : `${stack} ${where}`,
  }));
