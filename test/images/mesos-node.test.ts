import { CONSUL_FILE } from "../../environment/mesh/consul-configuration";
import { applyRole, imageRoot } from "../support/image-roots";

// The first use makes a Debian root and applies the role to it.
jest.setTimeout(900_000);

/**
 * Stands for systemd's, on a node whose units all run: in a root there is no systemd that could do anything to them. It
 * fails where it is asked for something else than what it may be asked for.
 */
const systemctl = (mayBeAsked: readonly string[]) => `#!/bin/sh
case "$*" in
show*) printf 'LoadState=loaded\\nActiveState=active\\n' ;;
daemon-reload${mayBeAsked.map((what) => `|'${what}'`).join("")}) ;;
*) echo "nobody may ask for $*" >&2; exit 1 ;;
esac
`;

/**
 * Applies the role to a node that has been running for a while, where some files differ from the role's. Gives the tasks
 * of the role that changed something; rejects when they do to units something else than what is named.
 */
async function tasksOf(files: Readonly<Record<string, string>>, mayBeAsked: readonly string[]) {
  const { output } = await applyRole("mesos-node", await imageRoot("mesos-node"), {
    forget: true,
    variables: { mesos_node_start: true },
    files: { "/usr/local/sbin/systemctl": systemctl(mayBeAsked), ...files },
  });
  return [...output.matchAll(/^TASK \[mesos-node : (.*)\]/gm)].map(([, task]) => task);
}

const RENDERS = ["restart skyline-template.service", "restart skyline-metrics.service"];
const RENDERED_ANEW = "New programs and settings are taken up";

test("a node on which nothing is new is left alone", async () => {
  expect(await tasksOf({}, [])).toEqual([]);
});

test("an agent whose configuration is new reloads it, and is not restarted", async () => {
  expect(await tasksOf({ [CONSUL_FILE]: "{}\n" }, ["reload consul.service", ...RENDERS])).toEqual([
    "Settings",
    "The agent has its configuration",
    RENDERED_ANEW,
  ]);
});

test("an agent whose program is new is restarted", async () => {
  const older = { "/usr/local/bin/consul": "an older one\n" };
  expect(await tasksOf(older, ["restart consul.service", ...RENDERS])).toEqual([
    "The agent is the Consul that is installed",
    RENDERED_ANEW,
  ]);
});

test("an agent is left alone where only the mesh is new", async () => {
  const older = { "/usr/local/lib/skyline/mesh/skyline_mesh/names.py": "" };
  expect(await tasksOf(older, RENDERS)).toEqual([RENDERED_ANEW]);
});
