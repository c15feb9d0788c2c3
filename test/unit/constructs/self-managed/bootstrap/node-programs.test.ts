import { existsSync, readdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { NodePrograms } from "../../../../support/node-programs";

/** No sleeping: what is waited for comes with the next attempt. */
const IMPATIENT = ["sleep", ":"] as const;

let node: NodePrograms;
const start = (roles: readonly string[], environment: string) => {
  node = new NodePrograms(roles, environment);
  node.standIn(...IMPATIENT);
  return node;
};
afterEach(() => node.remove());

describe("fetch-secrets", () => {
  const owner = userInfo().username;
  const secretsOf = (value: string, before = "") => {
    start(["common"], `SKYLINE_SECRETS="some/secret:/etc/pki:${owner}"\nAWS_ENDPOINT_URL=http://emulator\n`);
    node.standIn("aws", `echo "$*" >>$FOLDER/calls\n${before}cat <<'VALUE'\n${value}\nVALUE`);
    return node.run("fetch-secrets");
  };
  const mode = (file: string) => (statSync(node.path(`/etc/pki/${file}`)).mode & 0o777).toString(8);

  test("writes each file of the secret as a whole, keys for their owner alone", async () => {
    const value = JSON.stringify({ "ca.crt": "certificate\n", "ca.key": "key\n", "sa.pub": "public\n" });
    expect(await secretsOf(value)).toMatchObject({ code: 0 });
    expect(readdirSync(node.path("/etc/pki")).sort()).toEqual([
      ".complete-some-secret",
      "ca.crt",
      "ca.key",
      "sa.pub",
    ]);
    expect(node.read("etc/pki/ca.key")).toBe("key\n");
    expect([mode(""), mode("ca.crt"), mode("ca.key"), mode("sa.pub")]).toEqual(["700", "644", "600", "644"]);
    expect(node.read("calls")).toMatch(
      /^--endpoint-url http:\/\/emulator .*secretsmanager get-secret-value --secret-id some\/secret /,
    );
  });

  test("waits for a secret that is not there yet", async () => {
    const later = "[ -e $FOLDER/asked ] || { touch $FOLDER/asked; exit 254; }\n";
    const { code, stderr } = await secretsOf('{"a.key":"text"}', later);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("attempt 1 of fetch failed"),
    });
    expect(node.read("etc/pki/a.key")).toBe("text");
  });

  describe("at a later boot", () => {
    /** @param patience seconds, few where nothing is to come */
    const again = async (before: string, patience = 30) => {
      await secretsOf('{"a.key":"old"}');
      const program = "/usr/local/lib/skyline/fetch-secrets";
      node.write(program, node.read(program).replace("PATIENCE=30", `PATIENCE=${patience}`));
      node.standIn("aws", `${before}echo '{"a.key":"new"}'`);
      return node.run("fetch-secrets");
    };

    test("writes them anew", async () => {
      expect(await again("")).toMatchObject({ code: 0 });
      expect(node.read("etc/pki/a.key")).toBe("new");
    });

    test("waits a while for Secrets Manager, and writes them once it answers", async () => {
      const result = await again("[ -e $FOLDER/asked ] || { touch $FOLDER/asked; exit 254; }\n");
      expect(result).toMatchObject({ code: 0 });
      expect(node.read("etc/pki/a.key")).toBe("new");
    });

    test("goes on with what is there when Secrets Manager does not answer, and says so", async () => {
      const { code, stderr } = await again("exit 254\n", 1);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringMatching(/<4>skyline: some\/secret could not be read for 1 s/),
      });
      expect(stderr).not.toContain("wrote the files");
      expect(node.read("etc/pki/a.key")).toBe("old");
    });
  });

  test("waits as at a first boot when the earlier one did not write all files", async () => {
    start(["common"], `SKYLINE_SECRETS="some/secret:/etc/pki:${owner}"\n`);
    const program = "/usr/local/lib/skyline/fetch-secrets";
    node.write(program, node.read(program).replace("PATIENCE=30", "PATIENCE=0"));
    node.write("/etc/pki/a.key", "of a set that was never complete");
    node.standIn(
      "aws",
      `[ -e $FOLDER/asked ] || { touch $FOLDER/asked; exit 254; }\necho '{"a.key":"text"}'`,
    );
    expect(await node.run("fetch-secrets")).toMatchObject({ code: 0 });
    expect(node.read("etc/pki/a.key")).toBe("text");
  });

  test.each([
    ["a path", '{"../evil":"text"}'],
    ["no text", '{"a.key":1}'],
    ["nothing", "{}"],
  ])("writes nothing of a secret with %s", async (_name, value) => {
    start(["common"], "");
    node.standIn(
      "run-it",
      `printf %s '${value}' | $FOLDER/usr/local/lib/skyline/write-files $FOLDER/etc/pki ${owner}`,
    );
    node.write("/usr/local/lib/skyline/run-it", "#!/bin/bash\nexec run-it\n");
    expect((await node.run("run-it")).code).toBe(1);
    expect(existsSync(node.path("/etc/pki"))).toBe(false);
  });
});

describe("await-termination", () => {
  const leaving = (leave: string, heartbeat = "60", limit = "600") => {
    start(
      ["common"],
      `SKYLINE_ROLE=tester\nSKYLINE_GROUP=group\nSKYLINE_LIFECYCLE_HOOK=hook\nSKYLINE_LEAVE_LIMIT=${limit}\n`,
    );
    const program = "/usr/local/lib/skyline/await-termination";
    node.write(program, node.read(program).replace("HEARTBEAT=60", `HEARTBEAT=${heartbeat}`));
    // In service at the first question, to be terminated at the second one.
    node.standIn(
      "curl",
      `case "$*" in
  *api/token) echo token ;;
  *"X-aws-ec2-metadata-token: token"*instance-id) echo i-1 ;;
  *"X-aws-ec2-metadata-token: token"*target-lifecycle-state)
    if [ -e $FOLDER/asked ]; then echo Terminated; else touch $FOLDER/asked; echo InService; fi ;;
  *) exit 22 ;;
esac`,
    );
    node.standIn("aws", `echo "aws $*" >>$FOLDER/calls`);
    node.write("/usr/local/lib/skyline/tester-leave", `#!/bin/bash\nFOLDER=${node.folder}\n${leave}\n`);
    return node.run("await-termination");
  };
  const complete =
    "autoscaling complete-lifecycle-action --auto-scaling-group-name group --lifecycle-hook-name hook --instance-id i-1 --lifecycle-action-result CONTINUE";

  test("lets the node leave before its instance goes", async () => {
    expect(await leaving("echo left >>$FOLDER/calls")).toMatchObject({ code: 0 });
    expect(node.read("calls").split("\n").slice(0, 2)).toEqual(["left", expect.stringContaining(complete)]);
  });

  test("asks again while the node may not leave", async () => {
    const once = "echo asked >>$FOLDER/calls; [ -e $FOLDER/may ] || { touch $FOLDER/may; exit 1; }";
    expect(await leaving(once)).toMatchObject({ code: 0 });
    expect(node.read("calls").match(/asked|complete-lifecycle-action/g)).toEqual([
      "asked",
      "asked",
      "complete-lifecycle-action",
    ]);
  });

  test("is heard of while the node leaves", async () => {
    const slow = "until grep -q record-lifecycle-action-heartbeat $FOLDER/calls; do /bin/sleep 0.05; done";
    expect(await leaving(slow, "0.05")).toMatchObject({ code: 0 });
    expect(node.read("calls")).toContain(
      "record-lifecycle-action-heartbeat --auto-scaling-group-name group --lifecycle-hook-name hook --instance-id i-1",
    );
  });

  test.each([
    ["never may leave", "exit 1"],
    ["hangs as it leaves", "/bin/sleep 600"],
  ])("lets a node go that %s, once its limit is over, and says so", async (_name, leave) => {
    const { code, stderr } = await leaving(leave, "60", "1");
    expect(code).toBe(0);
    expect(stderr).toContain("<2>skyline: NOT left in order after 1 s");
    expect(node.read("calls").match(/autoscaling .*/g)).toEqual([expect.stringContaining(complete)]);
  });

  test("says nothing of a limit when the node left in order", async () => {
    expect((await leaving("exit 0")).stderr).not.toContain("NOT left");
  });
});

describe("attach-volume", () => {
  const attach = (blkid: string, compare = "exit 0") => {
    start(["common", "etcd"], "SKYLINE_VOLUME_ID=vol-0a1b\n");
    node.standIn("mountpoint", "exit 1");
    node.standIn("curl", "case $* in *token) echo token ;; *) echo i-1 ;; esac");
    // Held by the instance before, then free, then this one's.
    node.standIn(
      "aws",
      `echo "aws $*" >>$FOLDER/calls
case "$*" in
  *describe-volumes*)
    echo >>$FOLDER/asked
    case $(wc -l <$FOLDER/asked) in 1) echo in-use i-0 ;; 2) echo available None ;; *) echo in-use i-1 ;; esac ;;
esac`,
    );
    node.standIn("blkid", blkid);
    node.standIn("cmp", `echo "cmp $*" >>$FOLDER/calls; ${compare}`);
    for (const command of ["mkfs.ext4", "mount", "resize2fs", "chown", "chmod"]) {
      node.standIn(command, `echo "${command} $*" >>$FOLDER/calls`);
    }
    // A node of a device is root's to make: any will do for being there.
    const program = "/usr/local/lib/skyline/attach-volume";
    node.write(program, node.read(program).replace('[ -b "$DEVICE" ]', "true"));
    return node.run("attach-volume");
  };
  const device = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a1b";
  const made = () => node.read("calls").match(/^(mkfs.ext4|mount) .*$/gm) ?? [];
  const mount = `mount -t ext4 -o noatime,nodev,nosuid,noexec ${device} /var/lib/etcd`;

  test("takes the volume once the instance before has let it go, and by its own id", async () => {
    expect(await attach("echo ext4")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("held by i-0"),
    });
    const attached = node.read("calls").match(/attach-volume .*$/gm);
    expect(attached).toEqual(["attach-volume --volume-id vol-0a1b --instance-id i-1 --device /dev/sdf"]);
    expect(made()).toEqual([mount]);
  });

  test("formats a blank volume", async () => {
    expect(await attach("exit 2")).toMatchObject({ code: 0 });
    expect(made()).toEqual([`mkfs.ext4 -q -L skyline-etcd ${device}`, mount]);
  });

  test.each([
    ["another file system", "echo xfs", "exit 0"],
    ["something without a name", "exit 2", "exit 1"],
    ["two names at once", "exit 8", "exit 0"],
  ])("leaves a volume with %s as it is", async (_name, blkid, compare) => {
    expect(await attach(blkid, compare)).toMatchObject({ code: 1 });
    expect(made()).toEqual([]);
  });
});

test("node-name says what EC2 calls the instance, not what the VPC's domain does", async () => {
  start(["common", "worker"], "");
  node.standIn(
    "curl",
    `case "$*" in
  *token) echo token ;; *instance-id) echo i-1 ;; *availability-zone) echo us-east-1a ;; *local-ipv4) echo 10.0.0.9 ;;
esac`,
  );
  // None for a moment after the launch.
  node.standIn(
    "aws",
    "if [ -e $FOLDER/asked ]; then echo ip-10-0-0-9.ec2.internal; else touch $FOLDER/asked; echo None; fi",
  );
  node.write("/run/skyline/here", "");
  expect(await node.run("node-name")).toMatchObject({ code: 0 });
  expect(node.read("run/skyline/node-name.env")).toBe(
    "SKYLINE_NODE_NAME=ip-10-0-0-9.ec2.internal\nSKYLINE_NODE_ADDRESS=10.0.0.9\nSKYLINE_PROVIDER_ID=aws:///us-east-1a/i-1\n",
  );
});

describe("complete-launch", () => {
  const launched = (hook: string, aws: string) => {
    start(["common"], `SKYLINE_GROUP=group\n${hook}`);
    node.standIn("curl", "case $* in *token) echo token ;; *) echo i-1 ;; esac");
    node.standIn("aws", `echo "aws $*" >>$FOLDER/calls\n${aws}`);
    return node.run("complete-launch");
  };
  const calls = () => (existsSync(node.path("calls")) ? node.read("calls").match(/autoscaling .*/g) : null);
  const complete =
    "autoscaling complete-lifecycle-action --auto-scaling-group-name group --lifecycle-hook-name ready --instance-id i-1 --lifecycle-action-result CONTINUE";

  test("says that the instance is in service, until it is heard", async () => {
    const once = "[ -e $FOLDER/asked ] || { touch $FOLDER/asked; exit 254; }";
    expect(await launched("SKYLINE_LAUNCH_HOOK=ready\n", once)).toMatchObject({ code: 0 });
    expect(calls()).toEqual([complete, complete]);
  });

  test("takes it that nobody waits for an instance that only restarts", async () => {
    const nobody = "echo 'An error: No active Lifecycle Action found with instance ID i-1' >&2; exit 254";
    expect(await launched("SKYLINE_LAUNCH_HOOK=ready\n", nobody)).toMatchObject({ code: 0 });
    expect(calls()).toEqual([complete]);
  });

  test("says nothing where there is no such hook", async () => {
    expect(await launched("", "exit 1")).toMatchObject({ code: 0 });
    expect(calls()).toBeNull();
  });
});

test("worker-ready waits until Kubernetes itself calls the node ready", async () => {
  start(["common", "worker"], "");
  // No credentials before it has joined, then a node without a network, then a node.
  node.standIn(
    "kubectl",
    `echo "$*" >>$FOLDER/calls
case $(wc -l <$FOLDER/calls) in 1) exit 1 ;; 2) echo False ;; *) echo True ;; esac`,
  );
  const environment = { SKYLINE_NODE_NAME: "ip-10-0-0-9.ec2.internal" };
  expect(await node.run("worker-ready", environment)).toMatchObject({ code: 0 });
  expect(node.read("calls").trim().split("\n")).toEqual(
    Array(3).fill(
      expect.stringMatching(
        /^--kubeconfig \/var\/lib\/kubelet\/kubeconfig .*get node ip-10-0-0-9\.ec2\.internal /,
      ),
    ),
  );
});
