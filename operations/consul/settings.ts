import { readFileSync } from "node:fs";
import { OperationFailure } from "../failure";

/** How Consul's HTTP API is reached. */
export interface ConsulSettings {
  /** Origin, and the path prefix of a proxy in front when there is one. */
  readonly url: URL;
  readonly token?: string;
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly rejectUnauthorized: boolean;
  };
}

/**
 * Settings from the variables of Consul's own CLI: `CONSUL_HTTP_ADDR`, `CONSUL_HTTP_SSL`, `CONSUL_HTTP_SSL_VERIFY`,
 * `CONSUL_HTTP_TOKEN`, `CONSUL_HTTP_TOKEN_FILE`, `CONSUL_CACERT`, `CONSUL_CLIENT_CERT`, `CONSUL_CLIENT_KEY`,
 * `CONSUL_TLS_SERVER_NAME`.
 *
 * @throws OperationFailure when one of them cannot be used
 */
export function consulSettings(env: NodeJS.ProcessEnv = process.env): ConsulSettings {
  const file = (name: string) => {
    const path = env[name];
    return path === undefined || path === "" ? undefined : read(name, path);
  };
  const servername = env.CONSUL_TLS_SERVER_NAME;
  return {
    url: address(env),
    token: env.CONSUL_HTTP_TOKEN || file("CONSUL_HTTP_TOKEN_FILE")?.trim() || undefined,
    tls: {
      ca: file("CONSUL_CACERT"),
      cert: file("CONSUL_CLIENT_CERT"),
      key: file("CONSUL_CLIENT_KEY"),
      servername: servername === "" ? undefined : servername,
      rejectUnauthorized: isTrue(env.CONSUL_HTTP_SSL_VERIFY, true),
    },
  };
}

function address(env: NodeJS.ProcessEnv): URL {
  const given = env.CONSUL_HTTP_ADDR || "127.0.0.1:8500";
  const scheme = isTrue(env.CONSUL_HTTP_SSL, false) ? "https" : "http";
  const text = /^[a-z]+:\/\//.test(given) ? given : `${scheme}://${given}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new OperationFailure(
      "invalid",
      `CONSUL_HTTP_ADDR is ${JSON.stringify(given)}, which is no address of Consul's HTTP API`,
      "write it like 127.0.0.1:8500 or https://consul.example.internal:8501",
    );
  }
  return url;
}

/** As Go reads a boolean. */
const isTrue = (text: string | undefined, otherwise: boolean) =>
  text === undefined || text === "" ? otherwise : /^(1|t|true)$/i.test(text);

function read(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new OperationFailure("invalid", `${name} names ${path}: ${(error as Error).message}`);
  }
}
