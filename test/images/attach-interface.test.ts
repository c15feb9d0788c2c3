import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { NodePrograms } from "../support/node-programs";

/** The program that gives an etcd member its address, in a network namespace of its own: what it leaves is the kernel's. */

const MAC = "02:00:00:00:00:09";
const RULE = "1000:\tfrom 10.0.0.9 lookup 1000";
const ROUTES = ["10.0.0.0/24 dev second scope link src 10.0.0.9", "default via 10.0.0.1 dev second"];

let node: NodePrograms;

beforeEach(() => {
  node = new NodePrograms(["common", "etcd"], "SKYLINE_INTERFACE_ID=eni-1\nSKYLINE_ADDRESS=10.0.0.9\n");
  node.standIn(
    "curl",
    "case $* in *token) echo token ;; *cidr-block) echo 10.0.0.0/24 ;; *) echo i-1 ;; esac",
  );
  node.standIn("aws", `echo in-use i-1 ${MAC}`);
  node.standIn("networkctl", 'echo "$*" >>$FOLDER/networkctl');
});
afterEach(() => node.remove());

/** Runs a script in the namespace, where `attach` is the program, and gives what is there at its end. */
async function after(script: string): Promise<{ address: string; rules: string[]; routes: string[] }> {
  const attach = node.path("/usr/local/lib/skyline/attach-interface");
  const all = `set -e
mount -t sysfs sysfs /sys
ip link add second address ${MAC} type veth peer name network
ip link set network up
attach() { ${attach} 2>>${node.path("log")}; }
${script}
echo "$(ip -o -4 address show dev second | tr -s ' ')"
echo ---; ip rule show; echo ---; ip route show table 1000`;
  const { stdout } = await promisify(execFile)("unshare", ["--net", "--mount", "bash", "--norc", "-c", all], {
    env: { PATH: `${node.path("/bin")}:/usr/sbin:/usr/bin:/sbin:/bin` },
  });
  const [address = "", rules = "", routes = ""] = stdout.split("---\n");
  const lines = (text: string) => text.split("\n").map((line) => line.trim());
  return {
    address,
    rules: lines(rules),
    routes: lines(routes)
      .filter((line) => line !== "")
      .sort(),
  };
}

test.each([
  ["once", "attach"],
  ["twice", "attach; attach"],
  ["again after it failed before its rule", "attach; ip rule del from 10.0.0.9; attach"],
  ["again after it failed before its routes", "attach; ip route flush table 1000; attach"],
  ["again after the address alone was left", "ip address add 10.0.0.9/24 dev second noprefixroute; attach"],
])("run %s, it leaves one address, one rule and the routes of its own table", async (_when, script) => {
  const { address, rules, routes } = await after(script);
  expect(address).toMatch(/^\d+: second inet 10\.0\.0\.9\/24 \S.* noprefixroute/);
  expect(rules.filter((rule) => rule.includes("10.0.0.9"))).toEqual([RULE]);
  expect(routes).toEqual(ROUTES);
});

test("DHCP leaves the interface alone at the next boot as well", async () => {
  await after("attach");
  expect(node.read("etc/systemd/network/05-skyline.network")).toBe(
    `[Match]\nMACAddress=${MAC}\n\n[Link]\nUnmanaged=yes\n`,
  );
  expect(node.read("networkctl")).toBe("reload\n");
  expect(existsSync(node.path("/run/systemd/network"))).toBe(false);
});
