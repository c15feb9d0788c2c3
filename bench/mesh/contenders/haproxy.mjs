// HAProxy: a backend a service, found by a map.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CORES, startPinned } from "../processes.mjs";

export async function startHaproxy({ paths, folder, names, address, port, instances }) {
  const own = join(folder, "haproxy");
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, "services.map"), names.map((name) => `${name} ${name}\n`).join(""));
  writeFileSync(join(own, "haproxy.cfg"), configuration({ own, names, address, port, instances }));
  const running = await startPinned({
    name: "haproxy",
    cores: CORES.proxy,
    command: paths.haproxy,
    // -db: stay in the foreground, with stdout open, which is the log.
    args: ["-db", "-f", join(own, "haproxy.cfg")],
    folder: own,
    listens: { address, port },
  });
  return { pids: [running.pid], stop: () => running.stop() };
}

const configuration = ({ own, names, address, port, instances }) => `global
  nbthread 1
  maxconn 8000
  log stdout format raw local0

defaults
  mode http
  log global
  option httplog
  option dontlognull
  balance roundrobin
  http-reuse safe
  timeout connect 1s
  timeout client 75s
  timeout server 60s
  timeout http-keep-alive 75s
  timeout http-request 10s

frontend local
  bind ${address}:${port}
  # An exact look-up of the path's second segment: a balanced tree, whatever the number of services.
  use_backend %[path,field(3,/),map_str(${join(own, "services.map")})]

${names.map((name) => `backend ${name}\n${servers(instances)}`).join("\n")}
`;

const servers = (instances) =>
  instances.map(({ address, port }, at) => `  server s${at} ${address}:${port}`).join("\n");
