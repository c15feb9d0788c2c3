import {
  IMAGE_ROLES,
  imageBinary,
  imageContract,
  imageDirectory,
  imageRole,
} from "../../../environment/image-contract";

test("every role is there, and each part is of its shape", () => {
  expect(Object.keys(imageContract().roles)).toEqual([...IMAGE_ROLES]);
});

test("a role has what all images have, and its own", () => {
  const etcd = imageRole("etcd");
  expect(etcd.target).toBe("skyline-etcd.target");
  expect(etcd.units).toEqual(expect.arrayContaining(["skyline-secrets.service", "etcd.service"]));
  expect(etcd.sysctl["kernel.kptr_restrict"]).toBe("2");
});

test.each(IMAGE_ROLES)("%s names nothing twice, and owners of directories are root or its users", (role) => {
  const { binaries, files, units, users, directories } = imageRole(role);
  for (const names of [[...binaries, ...files], units, users, directories.map(({ path }) => path)]) {
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  }
  expect(directories.filter(({ owner }) => owner !== "root" && !users.includes(owner))).toEqual([]);
});

test("what an image lacks is not found", () => {
  expect(imageBinary("worker", "kubelet")).toBe("/usr/local/bin/kubelet");
  expect(() => imageBinary("etcd", "kubelet")).toThrow("images of etcd have no executable kubelet");
  expect(() => imageBinary("etcd", "etc")).toThrow("images of etcd have no executable etc;");
  expect(imageDirectory("etcd", "/var/lib/etcd")).toEqual({
    path: "/var/lib/etcd",
    owner: "etcd",
    mode: "0700",
  });
  expect(() => imageDirectory("worker", "/var/lib/etcd")).toThrow(
    "images of worker have no directory /var/lib/etcd",
  );
});
