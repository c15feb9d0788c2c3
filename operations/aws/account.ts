import { OperationFailure } from "../failure";
import { awsFailure } from "./failure";

/** How AWS is reached. Default: as the SDK finds it, by environment variables and the user's AWS settings. */
export interface AwsOptions {
  /** URL of all services. */
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** Name of a profile in the user's AWS settings. */
  readonly profile?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds that all of it may take. Default: no limit but the SDK's for one request. */
  readonly timeoutMs?: number;
}

/** Where an environment is, and the page of the documentation that has the policy for what is asked there. */
export interface AwsPlace {
  /** Undefined when it is whatever the credentials are of. */
  readonly account: string | undefined;
  readonly region: string;
  readonly page: string;
}

/** An account as a command talks to it: settings for the SDK's clients, and errors that say what to do. */
export class AwsAccount {
  /** For the constructor of any client. */
  readonly settings;
  /** For each request: Ctrl-C, or the time is up. */
  readonly abortSignal: AbortSignal;
  private readonly deadline: AbortSignal | undefined;

  constructor(
    readonly place: AwsPlace,
    private readonly options: AwsOptions,
  ) {
    // The SDK's remark on the age of Node is no business of who runs this.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
    this.settings = {
      region: place.region,
      endpoint: options.endpoint,
      credentials: options.credentials,
      profile: options.profile,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000 },
    };
    this.deadline = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
    const signals = [options.signal, this.deadline].filter((signal) => signal !== undefined);
    this.abortSignal = AbortSignal.any(signals);
  }

  /**
   * Runs a request.
   *
   * @param what `reading secret skyline/…`
   * @param expected names of errors that are answers: undefined is given back for them
   * @throws OperationFailure denied, unreachable, timeout, interrupted, or what else AWS said
   */
  async ask<T>(what: string, request: () => Promise<T>, ...expected: string[]): Promise<T | undefined> {
    try {
      this.abortSignal.throwIfAborted();
      return await request();
    } catch (error) {
      if (error instanceof Error && expected.includes(error.name)) {
        return undefined;
      }
      if (this.abortSignal.aborted) {
        throw this.deadline?.aborted === true && this.options.signal?.aborted !== true
          ? new OperationFailure("timeout", `${what}: not done in ${this.options.timeoutMs} ms`, AGAIN)
          : new OperationFailure("interrupted", "stopped", AGAIN);
      }
      throw awsFailure(error, what, this.place);
    }
  }
}

const AGAIN = "run it again: it goes on where it stopped";
