import { existsSync, readFileSync } from "node:fs";

/** A line of an access log, as every NGINX of the mesh writes it. */
export interface LogEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly request_id: string;
  readonly traceparent?: string;
  /** local, inbound or gateway; of a bridge inbound or outbound. */
  readonly listener?: string;
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly service?: string;
  /** mesos, kubernetes, fallback or catch-all. */
  readonly route?: string;
  readonly cluster?: string;
  readonly upstream?: string;
  readonly upstream_status?: string;
  readonly upstream_seconds?: string;
  readonly hop?: string;
  readonly client?: string;
  readonly generation?: string;
}

/** Whole lines of a log; one that is being written is left for the next time. */
export function readLog(file: string): LogEntry[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as LogEntry];
      } catch {
        return [];
      }
    });
}
