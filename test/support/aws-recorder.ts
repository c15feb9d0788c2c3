import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request to AWS, by what AWS calls it. */
export interface AwsRequest {
  /** `ec2`, `s3`: what the signature is for. */
  readonly service: string;
  /** `DescribeVpcs`; of services by REST method, path and query: `GET /bucket?policy`. */
  readonly operation: string;
}

/**
 * Stands before an emulated AWS, notes each request, and refuses all that are not asked for reading: as credentials would
 * that may only read.
 */
export class AwsRecorder {
  static async open(target: string): Promise<AwsRecorder> {
    const recorder = new AwsRecorder(new URL(target));
    await new Promise<void>((resolve) => recorder.server.listen(0, "127.0.0.1", resolve));
    return recorder;
  }

  /** All that came, in order. */
  readonly requests: AwsRequest[] = [];
  /** Those that were refused. */
  readonly refused: AwsRequest[] = [];
  /** More that is refused. */
  refuse: (asked: AwsRequest) => boolean = () => false;
  private readonly server: Server;

  private constructor(private readonly target: URL) {
    this.server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const body = Buffer.concat(chunks);
        const asked = requestOf(incoming, body.toString());
        this.requests.push(asked);
        if (!isRead(asked) || this.refuse(asked)) {
          this.refused.push(asked);
          return void deny(outgoing, incoming.headers["x-amz-target"] !== undefined);
        }
        const { hostname, port } = this.target;
        const { method, url: path, headers } = incoming;
        const onward = request({ hostname, port, method, path, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        });
        onward.on("error", () => outgoing.destroy());
        onward.end(body);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

/** As the service's protocol has it. */
function deny(outgoing: ServerResponse, inJson: boolean): void {
  const type = inJson ? "application/x-amz-json-1.1" : "text/xml";
  outgoing.writeHead(403, { "content-type": type }).end(inJson ? DENIED_JSON : DENIED);
}

const DENIED_JSON = JSON.stringify({ __type: "AccessDeniedException", message: "not allowed" });

const DENIED =
  '<?xml version="1.0"?><ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not allowed</Message></Error><RequestId>x</RequestId></ErrorResponse>';

function requestOf({ method = "", url = "", headers }: IncomingMessage, body: string): AwsRequest {
  const [, service = "?"] = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "") ?? [];
  const target = headers["x-amz-target"];
  const [, action] = /(?:^|&)Action=(\w+)/.exec(body) ?? [];
  const operation =
    typeof target === "string" ? (target.split(".").at(-1) ?? target) : (action ?? `${method} ${url}`);
  return { service, operation };
}

const isRead = ({ operation }: AwsRequest) => /^(Describe|Get|List|GET |HEAD )/.test(operation);
