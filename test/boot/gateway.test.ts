import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { dataPlaneFile } from "../../constructs/mesh/data-plane-file";
import { renderGatewayNginx } from "../../constructs/mesh/gateway-configuration";
import { SCRIPTS } from "../support/consul";
import { binaryOf, goTool } from "../support/go-tool";
import { nginxBinary } from "../support/nginx-binary";
import { httpGet, ManagedProcess, waitUntil } from "../support/process";

jest.setTimeout(120_000);

/** A gateway's programs as its units start them, with their files in a folder of the test and on an address of its own. */
const ADDRESS = "127.57.3.1";
const CONSUL = "127.57.3.2";
const root = mkdtempSync(join(tmpdir(), "skyline-gateway-"));
// NGINX serves as nobody when root starts it, and is to see the file by which it is drained.
chmodSync(root, 0o755);
const moved = (text: string) =>
  text
    .replaceAll("/run/nginx", root)
    .replaceAll("/run/skyline", join(root, "run"))
    .replaceAll("/var/cache/nginx", root)
    .replaceAll("/var/lib/skyline/mesh", root)
    .replaceAll("/etc/skyline/mesh", root)
    .replaceAll("/etc/skyline", root)
    .replace(/syslog:\S+/, join(root, "access.log"))
    .replace(/listen (\d+);/g, `listen ${ADDRESS}:$1;`)
    .replace("127.0.0.1:8500", `${CONSUL}:8500`);

const processes: ManagedProcess[] = [];
const start = async (name: string, command: string, args: readonly string[]) => {
  const started = await ManagedProcess.start({ name, command, args, logFile: join(root, `${name}.log`) });
  processes.push(started);
  return started;
};

const get = async (port: number, path: string) => {
  const response = await fetch(`http://${ADDRESS}:${port}${path}`);
  return { status: response.status, text: await response.text() };
};

afterAll(async () => {
  await Promise.all(processes.map((process) => process.stop()));
  await rm(root, { recursive: true, force: true });
});

describe("NGINX", () => {
  let nginx: ManagedProcess;

  beforeAll(async () => {
    writeFileSync(join(root, "nginx.conf"), moved(renderGatewayNginx(dataPlaneFile("gateway/nginx.conf"))));
    nginx = await start("nginx", await nginxBinary(), [
      ...["-e", "stderr", "-p", root, "-c", join(root, "nginx.conf"), "-g", "daemon off;"],
    ]);
    await nginx.ready(() => httpGet(`http://${ADDRESS}:5044/health`));
  });

  test("answers 503 to every service as long as it has no routes, and 404 to the rest", async () => {
    expect(await get(5042, "/service/organization/members")).toEqual({
      status: 503,
      text: "skyline: this gateway has no routes\n",
    });
    expect((await get(5042, "/")).status).toBe(404);
  });

  test("is ready, and says which configuration it serves", async () => {
    expect(await get(5044, "/ready")).toEqual({ status: 200, text: "ready\n" });
    expect((await get(5044, "/_skyline/generation")).text).toMatch(/^[0-9a-f]{64}\n$/);
  });

  test("given that its instance is to go, is not ready any more, serves on until the balancer knows, and stops", async () => {
    const bin = join(root, "bin");
    mkdirSync(bin);
    // systemctl, which stops NGINX by SIGQUIT as its unit says, and tells what it was asked.
    writeFileSync(
      join(bin, "systemctl"),
      `#!/bin/bash\necho "$*" >> ${root}/stopped\n[ "$2" != nginx.service ] || kill -QUIT ${nginx.pid}\n`,
    );
    chmodSync(join(bin, "systemctl"), 0o755);
    const script = join(root, "gateway-leave");
    writeFileSync(script, moved(readFileSync(join(SCRIPTS, "gateway-leave"), "utf8")));
    const leaving = promisify(execFile)("bash", [script], {
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, SKYLINE_DRAIN_SECONDS: "3" },
    });
    await waitUntil("it is not ready", async () => {
      if ((await get(5044, "/ready")).status !== 503) throw new Error("it is");
    });
    expect((await get(5042, "/service/organization/members")).text).toContain("no routes");
    expect(existsSync(join(root, "stopped"))).toBe(false);
    await leaving;
    expect(readFileSync(join(root, "stopped"), "utf8")).toBe(
      "stop consul-template.service\nstop nginx.service\nstop consul.service\n",
    );
    expect(await nginx.ended).toBe("exited with 0");
  });
});

test("consul-template keeps a whole list of the healthy Mesos services", async () => {
  const consul = await start("consul", binaryOf(await goTool("consul")), [
    ...["agent", "-dev", `-bind=${CONSUL}`, `-client=${CONSUL}`],
  ]);
  const put = async (path: string, body?: object) => {
    const response = await fetch(`http://${CONSUL}:8500/v1/agent/${path}`, {
      method: "PUT",
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
  };
  await consul.ready(() => httpGet(`http://${CONSUL}:8500/v1/catalog/nodes`));
  await put("service/register", { Name: "other", Port: 1 });
  writeFileSync(join(root, "consul-template.token"), "token\n");
  writeFileSync(join(root, "services.ctmpl"), dataPlaneFile("gateway/services.ctmpl"));
  writeFileSync(join(root, "consul-template.hcl"), moved(dataPlaneFile("gateway/consul-template.hcl")));
  await start("consul-template", binaryOf(await goTool("consul-template")), [
    `-config=${join(root, "consul-template.hcl")}`,
  ]);
  const untilRendered = (text: string) =>
    waitUntil(`the list is ${JSON.stringify(text)}`, async () => {
      const found = readFileSync(join(root, "staging", "services.txt"), "utf8");
      if (found !== text) throw new Error(`it is ${JSON.stringify(found)}`);
    });
  await untilRendered("# END 0\n");
  await put("service/register", {
    Name: "organization",
    Port: 31001,
    Address: "10.0.0.7",
    Tags: ["skyline"],
  });
  await untilRendered("service organization 10.0.0.7:31001\n# END 1\n");
  await put("service/deregister/organization");
  await untilRendered("# END 0\n");
});
