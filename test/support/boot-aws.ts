import { join } from "node:path";
import { isolated } from "../../operations/isolated";
import { pythonEnvironment } from "../../operations/local/python";
import { freePort } from "../../operations/ports";
import { httpGet, ManagedProcess } from "./process";

export interface Credentials {
  readonly key: string;
  readonly secret: string;
  readonly token: string;
}

const ROOT = join(__dirname, "..", "..");

/** The emulator of AWS on loopback, with the few calls of the account's owner that a booted cluster starts from. */
export class BootAws {
  static async start(folder: string, account: string, region: string): Promise<BootAws> {
    const { bin } = await pythonEnvironment(join(ROOT, "tools", "python"));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const emulator = await ManagedProcess.start({
      name: "the emulator of AWS",
      command: "env",
      args: [
        ...["-i", `PATH=${process.env.PATH}`, `HOME=${folder}`, `MOTO_ACCOUNT_ID=${account}`],
        ...[join(bin, "python"), join(bin, "moto_server")],
        ...["-H", "127.0.0.1", "-p", String(port)],
      ],
      logFile: join(folder, "emulator.log"),
    });
    await emulator.ready(() => httpGet(`${url}/moto-api/data.json`), { timeoutMs: 60_000 });
    return new BootAws(url, port, account, region, emulator);
  }

  private constructor(
    readonly url: string,
    readonly port: number,
    readonly account: string,
    readonly region: string,
    private readonly emulator: ManagedProcess,
  ) {}

  /** For programs outside the namespaces. */
  environment(
    credentials: Credentials = { key: this.account, secret: "emulated", token: "" },
  ): NodeJS.ProcessEnv {
    return isolated({
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: this.url,
      AWS_ACCESS_KEY_ID: credentials.key,
      AWS_SECRET_ACCESS_KEY: credentials.secret,
      ...(credentials.token === "" ? {} : { AWS_SESSION_TOKEN: credentials.token }),
      AWS_REGION: this.region,
      AWS_DEFAULT_REGION: this.region,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    });
  }

  /** A call of a service that speaks the query protocol: the XML of its answer. */
  query(service: string, action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const version = VERSIONS[service] ?? "";
    const body = new URLSearchParams({ Action: action, Version: version, ...parameters });
    return this.send(service, `${service} ${action}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body: body.toString(),
    });
  }

  /** A call of a service that speaks JSON, `TrentService.CreateKey`. */
  async json<T>(service: string, target: string, parameters: object): Promise<T> {
    const answer = await this.send(service, target, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
      body: JSON.stringify(parameters),
    });
    return JSON.parse(answer) as T;
  }

  /** Path-style, `/bucket/key`. */
  s3(method: "GET" | "PUT" | "HEAD", path: string): Promise<string> {
    return this.send("s3", `${method} ${path}`, { method }, path);
  }

  /** Temporary credentials of a role, which is made when it is not there. */
  async role(name: string, session: string): Promise<Credentials & { readonly arn: string }> {
    const arn = `arn:aws:iam::${this.account}:role/${name}`;
    await this.query("iam", "CreateRole", { RoleName: name, AssumeRolePolicyDocument: "{}" }).catch(
      (error: Error) => {
        if (!error.message.includes("EntityAlreadyExists")) throw error;
      },
    );
    const answer = await this.query("sts", "AssumeRole", { RoleArn: arn, RoleSessionName: session });
    return {
      arn,
      key: field(answer, "AccessKeyId"),
      secret: field(answer, "SecretAccessKey"),
      token: field(answer, "SessionToken"),
    };
  }

  stop(): Promise<void> {
    return this.emulator.stop();
  }

  private async send(service: string, what: string, request: RequestInit, path = "/"): Promise<string> {
    const scope = `${this.account}/20260101/${this.region}/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
    const headers = { ...request.headers, authorization };
    const answer = await fetch(`${this.url}${path}`, { ...request, headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${text.slice(0, 500)}`);
    return text;
  }
}

const VERSIONS: Readonly<Record<string, string>> = {
  ec2: "2016-11-15",
  iam: "2010-05-08",
  sts: "2011-06-15",
};

/** Text of the first element of that name. */
export function field(xml: string, name: string): string {
  const value = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (value === undefined) throw new Error(`no <${name}> in ${xml.slice(0, 500)}`);
  return value;
}
