/** CPU architecture, in Kubernetes' words (label kubernetes.io/arch). */
export const ARCHITECTURES = ["amd64", "arm64"] as const;

export type Architecture = (typeof ARCHITECTURES)[number];

/** `m7i.xlarge`, `c7gn.metal-48xl`, `u7i-12tb.224xlarge`. */
export const INSTANCE_TYPE = /^[a-z][a-z0-9-]*\.(nano|micro|small|medium|large|metal|\d*xlarge|metal-\d+xl)$/;

/**
 * AWS puts a `g` right after the generation digit of every Graviton type (m7g, c7gn, x2gd, t4g); a1 came before that
 * rule. Source: "Amazon EC2 instance type naming conventions".
 */
export function architectureOf(instanceType: string): Architecture {
  const family = instanceType.split(".")[0] ?? "";
  return family === "a1" || /^[a-z]+\d+g/.test(family) ? "arm64" : "amd64";
}

/** Types on Xen, of which no new one is made. Source: "Amazon EC2 instance types built on the AWS Nitro System". */
const XEN =
  /^(t[12]|m[1-4]|c[134]|cc[12]|cg1|cr1|r[34]|i[23]|hi1|hs1|h1|d2|g2|g3s?|p[23]|x1e?|f1)\.(?!metal)/;

/** Whether the instance shows an EBS volume as an NVMe device. */
export function hasNvme(instanceType: string): boolean {
  return !XEN.test(instanceType);
}
