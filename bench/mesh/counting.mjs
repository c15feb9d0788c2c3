#!/usr/bin/env node
// What counting requests costs one NGINX: nothing counted, a second log that skyline-metrics reads, njs dictionaries.
// `node bench/mesh/counting.mjs [rounds]`, after `npm run build`. The choice is in docs/mesh-metrics.md.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBinaries, freePort, pause, root } from "./product.mjs";

const rounds = Number(process.argv[2] ?? 20);
const folder = mkdtempSync(join(tmpdir(), "skyline-counting-"));

const log = /log_format skyline[^;]*;/.exec(readFileSync(join(root, "mesh/common/http.conf"), "utf8"))[0];
const counts = /log_format counts [^;]*;/.exec(readFileSync(join(root, "mesh/common/http.conf"), "utf8"))[0];

const WAYS = {
  neither: { http: "", server: "" },
  log: { http: counts, server: "access_log log/counts.log counts buffer=64k flush=1s;" },
  njs: {
    http: `js_import counting from ${folder}/counting.js; js_shared_dict_zone zone=counts:4m type=number;
      js_set $counted counting.count; log_format njs "$counted";`,
    server: "access_log /dev/null njs buffer=64k flush=1s;",
  },
};

const NJS = `const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
function count(r) {
  const v = r.variables, counts = ngx.shared.counts, seconds = Number(v.request_time);
  const by = v.skyline_listener + "\\t" + v.service + "\\t" + v.cluster;
  counts.incr(by + "\\t" + v.route + "\\t" + v.status, 1, 0);
  let at = 0;
  while (at < bounds.length && seconds > bounds[at]) at++;
  counts.incr(by + "\\tle\\t" + at, 1, 0);
  counts.incr(by + "\\tsum", seconds, 0);
  return "";
}
export default { count };
`;

const configuration = (
  port,
  { http, server },
  location,
) => `user root; worker_processes 1; daemon off; pid nginx.pid;
events { worker_connections 1024; }
http {
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path temp_${name};`).join(" ")}
  keepalive_requests 1000000; proxy_http_version 1.1; proxy_set_header Connection ""; access_log off;
  ${http}
  server {
    listen 127.0.0.1:${port};
    ${server}
    ${location}
  }
}
`;

const children = [];
function start(name, command, args, options = {}) {
  mkdirSync(join(folder, name, "log"), { recursive: true });
  const child = spawn(command, args, { cwd: join(folder, name), stdio: "inherit", ...options });
  children.push(child);
  return child;
}

function startNginx(nginx, name, text) {
  mkdirSync(join(folder, name, "log"), { recursive: true });
  writeFileSync(join(folder, name, "nginx.conf"), text);
  return start(name, nginx, [
    "-p",
    join(folder, name),
    "-e",
    "stderr",
    "-c",
    join(folder, name, "nginx.conf"),
  ]);
}

/** Seconds of CPU that a process has taken. */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const quartiles = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return [1, 2, 3].map((quarter) => sorted[Math.floor((sorted.length * quarter) / 4)].toFixed(3)).join(" ");
};

try {
  const { nginx } = await findBinaries();
  writeFileSync(join(folder, "counting.js"), NJS);
  const backend = await freePort();
  startNginx(
    nginx,
    "backend",
    configuration(backend, { http: "", server: "" }, 'location / { return 200 "0123456789"; }'),
  );
  const proxies = {};
  for (const [name, way] of Object.entries(WAYS)) {
    const port = await freePort();
    const http = `${log} map $http_traceparent $skyline_traceparent { default $http_traceparent; }
      upstream backend { server 127.0.0.1:${backend}; keepalive 64; keepalive_requests 1000000; } ${way.http}`;
    const sets = `set $skyline_listener gateway; set $skyline_hop 1; set $service ""; set $route ""; set $cluster "";
      set $skyline_request_id $request_id; set $skyline_generation 0123456789ab; set $skyline_stream "";
      set $logged_uri $request_uri; set $logged_status $status;
      access_log log/access.log skyline buffer=64k flush=1s; ${way.server}`;
    const location = `location ^~ /service/foo/ { set $service foo; set $route kubernetes; set $cluster alpha;
      proxy_pass http://backend; }`;
    const master = startNginx(nginx, name, configuration(port, { http, server: sets }, location));
    proxies[name] = { port, master };
  }
  await pause(1000);
  mkdirSync(join(folder, "run"));
  mkdirSync(join(folder, "state"));
  const paths = { state: join(folder, "state"), run: join(folder, "run"), log: join(folder, "log/log") };
  writeFileSync(
    join(folder, "node.json"),
    JSON.stringify({ role: "gateway", environment: "bench", address: "127.0.0.1", nginx, paths }),
  );
  const counter = start("counter", join(root, "mesh/node/skyline-metrics"), [
    "--node",
    join(folder, "node.json"),
  ]);

  await pause(2000);
  const began = cpu(counter.pid);

  const measured = Object.fromEntries(Object.keys(WAYS).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const turn of [0, 1, 2]) {
      const name = Object.keys(WAYS)[(round + turn) % 3];
      const { port, master } = proxies[name];
      const worker = readFileSync(`/proc/${master.pid}/task/${master.pid}/children`, "utf8").trim();
      const before = cpu(worker);
      const { stdout } = spawnSync("wrk", ["-t1", "-c32", "-d1s", `http://127.0.0.1:${port}/service/foo/x`], {
        encoding: "utf8",
      });
      const requests = Number(/(\d+) requests in/.exec(stdout)[1]);
      const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
      if (stdout.includes("Non-2xx")) throw new Error(stdout);
      measured[name].push({ rate, requests, cpu: (cpu(worker) - before) / requests });
      truncateSync(join(folder, name, "log/access.log"), 0);
    }
  }
  for (const name of ["log", "njs"]) {
    const ratio = (of) => measured[name].map((run, round) => run[of] / measured.neither[round][of]);
    console.log(
      `${name}: quartiles of the ratio to neither: throughput ${quartiles(ratio("rate"))}, CPU of NGINX a request ${quartiles(ratio("cpu"))}`,
    );
  }
  await pause(1500);
  const total = measured.log.reduce((sum, { requests }) => sum + requests, 0);
  console.log(
    `skyline-metrics: ${(((cpu(counter.pid) - began) / total) * 1e6).toFixed(2)} us of CPU for each of ${total} requests`,
  );
} finally {
  for (const child of children) {
    child.kill();
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
}
