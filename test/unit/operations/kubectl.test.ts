import { kubectlFailure } from "../../../operations/kubectl/failure";
import { contextOf } from "../../../operations/kubectl/context";
import { defineEnvironment } from "../../../environment/define";
import { exampleEnvironment } from "../../../testing";

test.each([
  ['Error from server (Forbidden): services "a" is forbidden: User "x" cannot patch resource', "denied"],
  ["error: You must be logged in to the server (Unauthorized)", "denied"],
  [
    "Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255",
    "denied",
  ],
  [
    'Error from server (Conflict): Operation cannot be fulfilled on services "a": the object has been modified',
    "conflict",
  ],
  ['Error from server (NotFound): namespaces "a" not found', "missing"],
  [
    "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
    "unreachable",
  ],
  ["Unable to connect to the server: dial tcp: lookup api.example: no such host", "unreachable"],
  ["Unable to connect to the server: net/http: TLS handshake timeout", "unreachable"],
  ["Error from server (InternalError): an error on the server", "unreachable"],
  ['error: context "nope" does not exist', "invalid"],
  ["error: something new", "refused"],
])("%s is %s", (stderr, kind) => {
  const noise = "E1122 09:00:00.000000    1234 memcache.go:265] couldn't get current server API group list\n";
  const { kind: found, message } = kubectlFailure(
    `${noise}${stderr}\n`,
    "kubectl get service",
    "development",
  );
  expect({ found, message }).toEqual({
    found: kind,
    message: `kubectl get service (context development): ${stderr}`,
  });
});

test("contexts are named after the environment, and after a cluster of it", () => {
  const environment = defineEnvironment(exampleEnvironment());
  expect([contextOf(environment), contextOf(environment, "alpha")]).toEqual(["example", "example-alpha"]);
  expect(() => contextOf(environment, "alpa")).toThrow('environment example has no cluster "alpa"');
});
