import { authorityParameter, apiHost, registry } from "../../environment/naming";
import { EmulatedLife, IMAGES } from "../support/emulated-life";

jest.setTimeout(1_200_000);

/**
 * The whole life of a cluster, by the files that a person would write one after the other, each deployed on the emulated
 * AWS. After each of them, plans of what it does not speak of must be empty.
 */
let life: EmulatedLife;

beforeAll(async () => {
  life = await EmulatedLife.start();
});

afterAll(() => life?.stop());

interface Group {
  readonly AutoScalingGroupName: string;
  readonly MinSize: number;
  readonly MaxSize: number;
  readonly DesiredCapacity: number;
  readonly VPCZoneIdentifier: string;
  readonly TargetGroupARNs: string[];
}

const groups = async () =>
  (await life.aws<{ AutoScalingGroups: Group[] }>(["autoscaling", "describe-auto-scaling-groups"]))
    .AutoScalingGroups;

const balancers = async () =>
  (
    await life.aws<{ LoadBalancers: { LoadBalancerArn: string; LoadBalancerName: string }[] }>([
      ...["elbv2", "describe-load-balancers"],
    ])
  ).LoadBalancers;

describe("a self-managed cluster alone", () => {
  test("is the active one, and the API's name is its own", async () => {
    const { names, environment } = life;
    await life.change({ alpha: "active" }, [names.alpha]);

    expect(await life.parameter(registry.active(environment.environment))).toBe("alpha");
    expect(await life.activeApi()).toBe(apiHost("alpha", environment.domain));
    expect(await life.differences([names.network, names.mesh, names.alpha])).toEqual([]);
  });

  test("has a group of one for each etcd member in its own zone, where its volume and interface are", async () => {
    const { Volumes: volumes } = await life.aws<{
      Volumes: {
        VolumeId: string;
        AvailabilityZone: string;
        Encrypted: boolean;
        Tags?: { Key: string; Value: string }[];
      }[];
    }>(["ec2", "describe-volumes"]);
    const { NetworkInterfaces: interfaces } = await life.aws<{
      NetworkInterfaces: {
        AvailabilityZone: string;
        SubnetId: string;
        TagSet: { Key: string; Value: string }[];
      }[];
    }>(["ec2", "describe-network-interfaces"]);
    const named = (tags: { Key: string; Value: string }[] = [], name: string) =>
      tags.some(({ Key, Value }) => Key === "Name" && Value === name);
    const all = await groups();
    const group = (name: string) => all.find(({ AutoScalingGroupName }) => AutoScalingGroupName === name);

    for (const [index, zone] of ["eu-central-1a", "eu-central-1b", "eu-central-1c"].entries()) {
      const name = `self-managed-alpha-etcd-${index}`;
      const own = group(name);
      expect(own).toMatchObject({ MinSize: 1, MaxSize: 1, DesiredCapacity: 1 });
      const networkInterface = interfaces.find(
        ({ TagSet, SubnetId }) => named(TagSet, name) && SubnetId === own?.VPCZoneIdentifier,
      );
      expect(networkInterface?.AvailabilityZone).toBe(zone);
      const volume = volumes.filter(({ Tags, Encrypted }) => named(Tags, name) && Encrypted);
      expect(volume.map(({ AvailabilityZone }) => AvailabilityZone)).toContain(zone);
    }
    expect(group("self-managed-alpha-controllers")?.TargetGroupARNs).toHaveLength(1);
  });

  test("gives its nodes the user data of the golden files, with what is known only now in its place", async () => {
    const shown = JSON.parse(await life.terraform(life.names.alpha, "show", "-json")) as {
      values: {
        root_module: {
          resources: { type: string; values: Record<string, string> & { tags?: { Name: string } } }[];
        };
      };
    };
    const resource = (type: string, name?: string) =>
      shown.values.root_module.resources.find(
        ({ type: found, values }) => found === type && (name === undefined || values.tags?.Name === name),
      )?.values ?? {};
    const member = "self-managed-alpha-etcd-1";
    const key = resource("aws_kms_key").arn ?? "";
    const places: Record<string, string> = {
      "@@CERTIFICATE_AUTHORITY@@": await authority(),
      "@@ENCRYPTION_KEY_ARN@@": key,
      "@@SNAPSHOT_KEY_ARN@@": key,
      "@@VOLUME_ID@@": resource("aws_ebs_volume", member).id ?? "",
      "@@INTERFACE_ID@@": resource("aws_network_interface", member).id ?? "",
      "@@ADDRESS@@": resource("aws_network_interface", member).private_ip ?? "",
    };
    expect(Object.values(places)).not.toContain("");
    for (const [name, image] of [
      [member, IMAGES.etcd],
      ["self-managed-alpha-controllers", IMAGES.controller],
      ["self-managed-alpha-general", IMAGES.worker],
    ] as const) {
      const launched = await life.launched(name);
      const expected = Object.entries(places).reduce(
        (text, [place, value]) => text.replaceAll(place, value),
        life.golden("user-data", `${name}.txt`),
      );
      expect(launched.userData.toString("utf8")).toBe(expected);
      expect(launched.userData.toString("utf8")).not.toContain("@@");
      expect(launched.userData.length).toBeLessThan(16 * 1024);
      expect(launched.image).toBe(image);
    }
  });

  test("has no secret in its state, nor in its user data", async () => {
    const text = await life.terraform(life.names.alpha, "state", "pull");
    expect(text).toContain("aws_autoscaling_group");
    expect(text).not.toMatch(/PRIVATE KEY|aws_secretsmanager/);
    const encoded = [...text.matchAll(/"user_data": "([A-Za-z0-9+/=]+)"/g)].map(([, data]) => data ?? "");
    expect(encoded.length).toBeGreaterThanOrEqual(5);
    for (const data of encoded) {
      expect(Buffer.from(data, "base64").toString("utf8")).not.toContain("PRIVATE KEY");
    }
  });

  test("is in the registry with what a client needs", async () => {
    const { environment, access } = life.environment;
    expect(JSON.parse(await life.parameter(registry.cluster(environment, "alpha")))).toEqual({
      name: "alpha",
      kind: "self-managed",
      endpoint: "https://api.alpha.own.example.internal",
      ca: await authority(),
      version: "1.35.4",
      deployer: access.deployer,
    });
  });

  test("cannot be destroyed while it is not retired", async () => {
    const { alpha } = life.names;
    const destroyed = life.terraform(alpha, "destroy", "-auto-approve", "-input=false");
    await expect(destroyed).rejects.toThrow(/Instance cannot be destroyed/);
    expect(await life.terraform(alpha, "state", "list")).toContain("aws_ebs_volume.");
  });

  const authority = () => life.parameter(authorityParameter(life.environment.environment, "alpha"));
});

test("an EKS cluster is added beside it: nothing else differs", async () => {
  const { names, environment } = life;
  await life.change({ alpha: "active", bravo: "passive" }, [names.bravo]);

  const entry = await life.parameter(registry.cluster(environment.environment, "bravo"));
  expect(JSON.parse(entry)).toMatchObject({ kind: "eks" });
  expect(await life.differences([names.network, names.mesh, names.alpha, names.bravo])).toEqual([]);
});

test("the other one becomes active: what a promotion has moved stays, and nothing differs", async () => {
  const { names, environment } = life;
  await life.put(registry.active(environment.environment), "bravo");

  await life.change({ alpha: "passive", bravo: "active" }, [names.alpha, names.bravo]);

  expect(await life.parameter(registry.active(environment.environment))).toBe("bravo");
  expect(await life.differences([names.network, names.mesh, names.alpha, names.bravo])).toEqual([]);
});

test("the old one retires: its protections are lifted, and nothing of the other stacks differs", async () => {
  const { names } = life;
  await life.change({ alpha: "retiring", bravo: "active" }, [names.alpha]);

  const api = (await balancers()).find(({ LoadBalancerName }) => LoadBalancerName.includes("alpha"));
  const { Attributes: attributes } = await life.aws<{ Attributes: { Key: string; Value: string }[] }>(
    ["elbv2", "describe-load-balancer-attributes"],
    { "--load-balancer-arn": api?.LoadBalancerArn ?? "" },
  );
  expect(attributes).toContainEqual({ Key: "deletion_protection.enabled", Value: "false" });
  expect(await life.terraform(names.alpha, "state", "list")).toContain("aws_ebs_volume.");
  expect(await life.differences([names.network, names.mesh, names.bravo])).toEqual([]);
});

test("it is removed: an apply empties its state, and nothing of it stands", async () => {
  const { names } = life;
  await life.change({ alpha: "removed", bravo: "active" }, [names.alpha]);

  expect(life.stacks().find(({ name }) => name === names.alpha)?.resources).toBe(0);
  expect((await life.terraform(names.alpha, "state", "list")).trim()).toBe("");
  const { Roles: roles } = await life.aws<{ Roles: { RoleName: string }[] }>(["iam", "list-roles"]);
  const left = [
    ...(await groups()).map(({ AutoScalingGroupName: name }) => name),
    ...(await balancers()).map(({ LoadBalancerName: name }) => name),
    ...roles.map(({ RoleName: name }) => name),
  ];
  expect(left.filter((name) => /self-managed-gateways/.test(name))).not.toEqual([]);
  expect(left.filter((name) => /alpha/.test(name))).toEqual([]);
  expect(await life.activeApi()).toBeUndefined();
  expect(await life.differences([names.network, names.mesh, names.bravo])).toEqual([]);
});

test("its entry is deleted: its stacks are gone, and nothing differs", async () => {
  const { names } = life;
  await life.change({ bravo: "active" }, []);

  expect(life.stacks().map(({ name }) => name)).toEqual([names.network, names.mesh, names.bravo]);
  expect(await life.differences([names.network, names.mesh, names.bravo])).toEqual([]);
});
