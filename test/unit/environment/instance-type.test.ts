import { architectureOf, INSTANCE_TYPE } from "../../../environment/instance-type";

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
