import { OperationFailure } from "../../failure";
import { MOST_BYTES } from "./format";
import { conflict, type Store } from "./store-contract";

/** For one request with its answer. A bundle of a large environment has a megabyte. */
const TIMEOUT_MS = 60_000;
const MOST_REDIRECTS = 3;

/** Bundles behind HTTP: `PUT` that the server refuses when there is something, and `GET`. */
export class HttpStore implements Store {
  /** @param token goes to this host alone, and into no message */
  constructor(
    private readonly base: string,
    private readonly token: string | undefined,
  ) {}

  addressOf(commit: string): string {
    return `${this.base.replace(/\/+$/, "")}/${commit}.json`;
  }

  async get(commit: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const address = this.addressOf(commit);
    const response = await this.ask("GET", address, { signal });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (response.status !== 200) {
      throw await refusal("GET", address, response);
    }
    return bytesOf(response, address);
  }

  async put(commit: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    const address = this.addressOf(commit);
    const response = await this.ask("PUT", address, { signal, bytes });
    if (response.ok) {
      await response.body?.cancel();
      return true;
    }
    if (response.status !== 412 && response.status !== 409) {
      throw await refusal("PUT", address, response);
    }
    await response.body?.cancel();
    const there = await this.get(commit, signal);
    if (there === undefined || Buffer.compare(there, bytes) !== 0) {
      throw conflict(address);
    }
    return false;
  }

  /** Follows redirects by hand: the token, and the code, are for the one host that the trust file names. */
  private async ask(
    method: "GET" | "PUT",
    address: string,
    { bytes, signal }: { readonly bytes?: Uint8Array; readonly signal?: AbortSignal },
  ): Promise<Response> {
    const headers = {
      accept: "application/json",
      ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
      ...(bytes === undefined ? {} : { "content-type": "application/json", "if-none-match": "*" }),
    };
    let url = new URL(address);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const response = await answer(url, { method, headers, body: bytes }, signal);
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null) {
        return response;
      }
      await response.body?.cancel();
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      // 307 and 308 alone ask for the same request again.
      if (next?.origin !== url.origin || (bytes !== undefined && response.status < 307)) {
        throw new OperationFailure(
          "refused",
          `${method} ${address} is redirected to ${next?.origin ?? "nowhere"}, and only the store's own host is asked`,
          "name the address itself as the store",
        );
      }
      url = next;
    }
    throw new OperationFailure("unreachable", `${method} ${address} is redirected again and again`);
  }
}

async function answer(url: URL, request: RequestInit, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(url.href, {
      ...request,
      redirect: "manual",
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
  } catch (error) {
    throw ended(`${request.method} ${url.href}`, error, signal);
  }
}

/** @throws OperationFailure when there is more than a bundle may have: what a header says of it proves nothing */
async function bytesOf(response: Response, address: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      length += (chunk as Uint8Array).byteLength;
      if (length > MOST_BYTES) {
        throw new OperationFailure("invalid", `${address} has more than ${MOST_BYTES} bytes`);
      }
      chunks.push(chunk as Uint8Array);
    }
  } catch (error) {
    throw error instanceof OperationFailure ? error : ended(`GET ${address}`, error);
  }
  return Buffer.concat(chunks);
}

function ended(what: string, error: unknown, signal?: AbortSignal): OperationFailure {
  if (signal?.aborted === true) {
    return new OperationFailure("interrupted", "interrupted");
  }
  // What fetch throws says nothing but "fetch failed", and what caused it may have a code alone.
  const { name, message, cause } = error as Error & { readonly cause?: Partial<NodeJS.ErrnoException> };
  if (name === "TimeoutError") {
    return new OperationFailure("timeout", `${what}: no answer in ${TIMEOUT_MS / 1000} s`);
  }
  return new OperationFailure("unreachable", `${what}: ${cause?.code ?? cause?.message ?? message}`);
}

async function refusal(method: string, address: string, response: Response): Promise<OperationFailure> {
  await response.body?.cancel();
  const { status } = response;
  if (status === 401 || status === 403) {
    const hint =
      "SKYLINE_STORE_TOKEN_FILE names the file with the token; S3 answers 403 also for what is not there when the reader may not list the bucket";
    return new OperationFailure("denied", `${method} ${address}: ${status}`, hint);
  }
  return new OperationFailure("unreachable", `${method} ${address}: ${status}`);
}
