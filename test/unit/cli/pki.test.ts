import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { isolated } from "../../../operations/isolated";
import { builtCli } from "../../support/built";
import { fixture } from "../environment/problems";
import { inside, projectWith, type Ended } from "./skyline";

jest.setTimeout(60_000);

const environments = join(fixture("complete"), "..");
const pki = (...args: string[]) => inside("pki", ...args, "--directory", environments);
const folder = projectWith("complete");
// Compiled here, so that no test has that in its time.
beforeAll(() => void builtCli());
afterAll(() => rmSync(folder, { recursive: true }));

/** As a process with these settings of AWS and none else. */
function withAws(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
  const settings = {
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    ...env,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [builtCli(), "pki", ...args, "--env", "complete"],
      { cwd: folder, env: isolated(settings) },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? NaN), stdout, stderr }),
    );
  });
}

const credentials = { AWS_ACCESS_KEY_ID: "111111111111", AWS_SECRET_ACCESS_KEY: "hunter2" };

describe("a wrong command line ends with 2 before anything is asked of AWS:", () => {
  test.each([
    [["init"], "required option '--env <environment>' not specified"],
    [["init", "--env", "complet"], 'no environment "complet" in'],
    [
      ["init", "--env", "complete", "--cluster", "alpa"],
      'environment complete has no cluster "alpa"\nhint: did you mean alpha?',
    ],
    [
      ["init", "--env", "complete", "--cluster", "alpha", "--cluster", "bravo"],
      "cluster bravo is of kind eks",
    ],
    [["init", "--env", "complete", "--timeout", "soon"], "It is no number of seconds"],
    [["renew", "--env", "complete"], "name either a cluster or Consul\nhint: --cluster NAME, or --consul"],
    [["renew", "--env", "complete", "--cluster", "alpha", "--consul"], "name either a cluster or Consul"],
    [["renew", "--env", "complete", "--cluster", "alpha", "--secret", "etcd0"], "did you mean etcd-0?"],
    [
      ["renew", "--env", "complete", "--consul", "--secret", "authority"],
      "holds an authority, which cannot be renewed",
    ],
    [["status", "--env", "ten-mistakes"], "ten-mistakes.yaml:3:10"],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await pki(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});

describe("AWS that", () => {
  let server: Server;
  let answer: () => { status: number; type: string } | undefined;
  let asked: { SecretId?: string }[];
  const endpoint = () => ({
    ...credentials,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        asked.push(JSON.parse(body) as object);
        const { status, type } = answer() ?? {};
        if (status !== undefined) {
          response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
          response.end(JSON.stringify({ __type: type, message: "it says so" }));
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  beforeEach(() => (asked = []));
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  test("knows no credentials: 8", async () => {
    const { code, stderr } = await withAws({}, "init");
    expect(code).toBe(8);
    expect(stderr).toMatch(
      /^error: reading secret skyline\/complete\/consul\/operators: CredentialsProviderError: /,
    );
    expect(stderr).toContain("hint: the environment is of account 111111111111");
  });

  test("refuses: 8, and nothing was asked for but by an ARN with the environment's account", async () => {
    answer = () => ({ status: 400, type: "AccessDeniedException" });
    const { code, stdout, stderr } = await withAws(endpoint(), "init", "--json");
    expect(code).toBe(8);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      exitCode: 8,
      data: null,
      errors: [
        {
          code: "denied",
          message: "reading secret skyline/complete/consul/operators: AccessDeniedException: it says so",
        },
      ],
    });
    expect(stdout + stderr).not.toContain("hunter2");
    expect(asked).toEqual([
      { SecretId: "arn:aws:secretsmanager:us-east-1:111111111111:secret:skyline/complete/consul/operators" },
    ]);
  });

  test("does not answer in time: 7", async () => {
    answer = () => undefined;
    const { code, stderr } = await withAws(endpoint(), "status", "--timeout", "1");
    expect(code).toBe(7);
    expect(stderr).toContain("hint: run it again: it goes on where it stopped");
  });

  test("cannot be reached: 9", async () => {
    // Port 1 (tcpmux) is nobody's.
    const { code, stderr } = await withAws(
      { ...credentials, AWS_ENDPOINT_URL: "http://127.0.0.1:1" },
      "init",
    );
    expect(code).toBe(9);
    expect(stderr).toContain("ECONNREFUSED");
  });

  test("is waited for when Ctrl-C comes: 130", async () => {
    answer = () => undefined;
    const child = execFile(process.execPath, [builtCli(), "pki", "init", "--env", "complete"], {
      cwd: folder,
      env: isolated(endpoint()),
    });
    const waiting = new Promise<void>((resolve) => server.once("request", () => resolve()));
    const ended = new Promise((resolve) => child.once("close", resolve));
    await waiting;
    child.kill("SIGINT");
    expect(await ended).toBe(130);
  });
});
