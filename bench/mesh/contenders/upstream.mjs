// What all contenders send to: an NGINX that answers 200 with a small body from memory.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CORES, startPinned } from "../processes.mjs";

/** @param listen [{ address, port }] */
export async function startUpstream({ paths, folder, listen }) {
  const own = join(folder, "upstream");
  mkdirSync(own, { recursive: true });
  writeFileSync(
    join(own, "nginx.conf"),
    `worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 16384; }
http {
  access_log off;
  keepalive_timeout 3600s;
  keepalive_requests 100000000;
  server {
${listen.map(({ address, port }) => `    listen ${address}:${port} backlog=4096;`).join("\n")}
    location / { default_type application/json; return 200 '{"status":"ok","items":[42]}'; }
  }
}
`,
  );
  return startPinned({
    name: "upstream",
    cores: CORES.upstream,
    command: paths.nginx,
    args: ["-p", `${own}/`, "-c", "nginx.conf"],
    folder: own,
    listens: listen[0],
  });
}
