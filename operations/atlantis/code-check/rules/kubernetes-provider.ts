import { stackNames } from "../../../../environment/naming";
import { quoted, type Problem, type Subject } from "../finding";
import { statesRead } from "./remote-state";
import { differences, oneBlock } from "../shape";

const HOST = /^\$\{data\.terraform_remote_state\.([A-Za-z_][-\w]*)\.outputs\.endpoint\}$/;

/**
 * The Kubernetes provider runs a program for its credentials. That is the AWS CLI with the arguments that make a token,
 * and the token goes to the cluster that the stack's own environment says, by the state of that cluster's stack.
 */
export function* kubernetesProvider(subject: Subject): Generator<Problem> {
  const { stack, environment, trusted, blocks } = subject;
  const what = `the Kubernetes provider of ${stack}`;
  for (const { labels, body, where } of blocks("provider")) {
    if (labels[0] !== "kubernetes") continue;
    const state = HOST.exec(typeof body.host === "string" ? body.host : "")?.[1] ?? "";
    const cluster = statesRead(subject).get(state);
    if (cluster === undefined || !clustersOf(stack, environment)(cluster)) {
      const message = `is ${quoted(body.host)}, and must be the output endpoint of the state of the stack's cluster`;
      yield { where: `${where}.host`, message };
      continue;
    }
    const output = (name: string) => `data.terraform_remote_state.${state}.outputs.${name}`;
    const args = ["eks", "get-token", "--cluster-name", `\${${output("cluster_name")}}`];
    const shape = {
      host: `\${${output("endpoint")}}`,
      cluster_ca_certificate: `\${base64decode(${output("certificate_authority")})}`,
      exec: oneBlock(
        {
          api_version: "client.authentication.k8s.io/v1beta1",
          command: "aws",
          args: [...args, "--region", trusted.region],
        },
        what,
      ),
    };
    yield* differences(body, where, shape, what);
  }
}

/** A platform stack has one cluster; a stack that a team has added to the app may take any of the environment. */
function clustersOf(stack: string, environment: string): (cluster: string) => boolean {
  const platform = stackNames.platform(environment, "");
  return stack.startsWith(platform)
    ? (cluster) => cluster === stackNames.cluster(environment, stack.slice(platform.length))
    : (cluster) => cluster.startsWith(stackNames.cluster(environment, ""));
}
