import { architectureOf, hasNvme, INSTANCE_TYPE } from "../../../environment/instance-type";

test.each([
  "t3.nano",
  "m7i.xlarge",
  "c7gn.16xlarge",
  "m7i-flex.large",
  "m5.metal",
  "c7i.metal-48xl",
  "u7i-12tb.224xlarge",
  "x2iedn.32xlarge",
  "u-6tb1.112xlarge",
])("%s is an instance type", (type) => expect(type).toMatch(INSTANCE_TYPE));

test.each([
  "",
  "m7i",
  ".large",
  "m7i.",
  "m7i.huge",
  "M7i.large",
  "m7i.large ",
  "7m.large",
  "m7i.large.large",
  "m7i_x.large",
])("%j is no instance type", (type) => expect(type).not.toMatch(INSTANCE_TYPE));

test.each([
  "m7g.xlarge",
  "c7gn.large",
  "c6gd.large",
  "x2gd.medium",
  "t4g.small",
  "im4gn.large",
  "is4gen.large",
  "g5g.xlarge",
  "hpc7g.16xlarge",
  "a1.large",
])("%s is arm64", (type) => expect(architectureOf(type)).toBe("arm64"));

test.each([
  "m7i.xlarge",
  "m7a.xlarge",
  "g5.xlarge",
  "g4dn.xlarge",
  "gr6.4xlarge",
  "t3.large",
  "u7i-12tb.224xlarge",
  "inf2.xlarge",
])("%s is amd64", (type) => expect(architectureOf(type)).toBe("amd64"));

test.each([
  ...["t1.micro", "t2.large", "m1.large", "m2.xlarge", "m3.medium", "m4.large", "m4.16xlarge"],
  ...["c1.medium", "c3.large", "c4.large", "r3.large", "r4.large", "i2.xlarge", "i3.large", "d2.xlarge"],
  ...["g2.2xlarge", "g3.4xlarge", "g3s.xlarge", "p2.xlarge", "p3.2xlarge", "x1.16xlarge", "x1e.xlarge"],
  ...["h1.2xlarge", "f1.2xlarge", "cc2.8xlarge", "cr1.8xlarge", "hs1.8xlarge"],
])("%s shows no volume as an NVMe device", (type) => expect(hasNvme(type)).toBe(false));

test.each([
  ...["m7i.large", "m5.large", "t3.small", "t4g.small", "c5.large", "r5.large", "i3.metal", "i3en.large"],
  ...[
    "d3.xlarge",
    "g4dn.xlarge",
    "p3dn.24xlarge",
    "x2gd.medium",
    "a1.large",
    "f2.6xlarge",
    "u-6tb1.112xlarge",
  ],
])("%s shows a volume as an NVMe device", (type) => expect(hasNvme(type)).toBe(true));
