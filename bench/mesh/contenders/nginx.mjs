// Plain NGINX: a location a service, and the access log as it is without a word about it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CORES, startPinned } from "../processes.mjs";

/** @param shared one upstream for all services, and not one a service */
export async function startNginx({ paths, folder, names, address, port, instances, shared }) {
  const own = join(folder, shared ? "nginx-shared" : "nginx");
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, "nginx.conf"), configuration({ names, address, port, instances, shared }));
  const running = await startPinned({
    name: "nginx",
    cores: CORES.proxy,
    command: paths.nginx,
    args: ["-p", `${own}/`, "-c", "nginx.conf"],
    folder: own,
    listens: { address, port },
  });
  return { pids: [running.pid], stop: () => running.stop() };
}

const configuration = ({ names, address, port, instances, shared }) => `worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 16384; }
http {
  access_log access.log;
  keepalive_requests 10000;
${(shared ? ["shared"] : names).map((name) => `  upstream ${name} { ${servers(instances)} keepalive ${shared ? 128 : 32}; }`).join("\n")}
  server {
    listen ${address}:${port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
${names.map((name) => `    location /service/${name}/ { proxy_pass http://${shared ? "shared" : name}; }`).join("\n")}
  }
}
`;

const servers = (instances) => instances.map(({ address, port }) => `server ${address}:${port};`).join(" ");
