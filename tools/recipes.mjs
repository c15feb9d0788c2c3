// What a tool needs beyond its go.mod. A tool that is not listed here needs nothing.

/**
 * - `ldflags`: linker flags for the version of the tool's module;
 * - `renamed`: names of binaries that differ from what the compiler calls them;
 * - `assets`: a folder of the tool's module whose YAML files are kept beside its binaries;
 * - `mayComeFromPath`: its binaries print their exact version for `--version`.
 */
export const recipes = {
  etcd: { renamed: { server: "etcd" }, mayComeFromPath: true },
  kubernetes: { ldflags: kubernetesVersion, mayComeFromPath: true },
  kwok: { assets: "kustomize/stage", mayComeFromPath: true },
};

/** Without these an API server reports v0.0.0-master, which the checks for version skew refuse. */
function kubernetesVersion(version) {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version);
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor };
  return Object.entries(values).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`);
}
