import type { ErrorReport } from "./error-report";
import { exitCodes, type ExitCode } from "./exit";

/** Where a command writes. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** What a command gives back when it ends by itself. */
export interface Result {
  /** For programs: `data` of the JSON document. */
  readonly data: unknown;
  /** For people, and for pipes: what stdout gets without `--json`. */
  readonly text: string;
  /** Default: done. */
  readonly exitCode?: ExitCode;
  /** What went wrong beside the data. Default: nothing. */
  readonly errors?: readonly ErrorReport[];
}

/** Version of the document that `--json` prints; it changes when a field goes or changes its meaning. */
const SCHEMA_VERSION = 1;

/**
 * Data on stdout, talk on stderr. With `json` stdout gets one JSON document, also of a command that failed; errors are
 * told on stderr in either case.
 */
export function printResult({ stdout, stderr }: Streams, result: Result, json: boolean): void {
  const { data, text, exitCode = exitCodes.done, errors = [] } = result;
  const document = { schemaVersion: SCHEMA_VERSION, ok: exitCode === exitCodes.done, exitCode, errors, data };
  const out = json ? JSON.stringify(document, undefined, 2) : text;
  if (out !== "") {
    stdout.write(out.endsWith("\n") ? out : `${out}\n`);
  }
  errors.forEach((error) => stderr.write(showError(error)));
}

/** `object  message`, or `error: message`; the hint on a line of its own. */
function showError({ message, hint, object }: ErrorReport): string {
  const first = object === null ? `error: ${message}` : `${object}  ${message}`;
  return hint === null ? `${first}\n` : `${first}\nhint: ${hint}\n`;
}
