import { cidr, hostAddress, overlaps, parseCidr, subnet } from "../../../environment/cidr";

test("a network is taken apart", () => {
  expect(parseCidr("10.10.0.0/16")).toEqual({ text: "10.10.0.0/16", first: 0x0a0a0000, prefix: 16 });
  expect(parseCidr("255.255.255.255/32")).toMatchObject({ first: 0xffffffff, prefix: 32 });
  expect(parseCidr("0.0.0.0/0")).toMatchObject({ first: 0, prefix: 0 });
});

test.each([
  "10.10.0.0",
  "10.10.0/16",
  "10.10.0.256/32",
  "10.10.0.0/33",
  "10.10.0.0/",
  "::/0",
  " 10.0.0.0/8",
  "0x0a.0.0.0/8",
  "",
])("%j is no network", (text) => {
  expect(parseCidr(text)).toBe(
    `${JSON.stringify(text)} is no IPv4 network in CIDR notation; write it like 10.10.0.0/16`,
  );
  expect(() => cidr(text)).toThrow("no IPv4 network");
});

test.each([
  ["10.10.4.7/16", "10.10.0.0/16"],
  ["10.10.0.1/31", "10.10.0.0/31"],
  ["128.0.0.0/0", "0.0.0.0/0"],
  ["255.255.255.255/1", "128.0.0.0/1"],
])("%s has host bits; the network is %s", (text, network) => {
  expect(parseCidr(text)).toBe(`${text} has host bits set; the network is ${network}`);
});

test.each([
  ["10.10.0.0/16", "10.10.0.0/16", true],
  ["10.10.0.0/16", "10.10.255.0/24", true],
  ["10.0.0.0/8", "10.255.255.255/32", true],
  ["10.10.0.0/17", "10.10.128.0/17", false],
  ["10.10.0.0/16", "10.11.0.0/16", false],
  ["0.0.0.0/0", "255.255.255.255/32", true],
])("%s and %s overlap: %s, in either order", (a, b, expected) => {
  expect(overlaps(cidr(a), cidr(b))).toBe(expected);
  expect(overlaps(cidr(b), cidr(a))).toBe(expected);
});

test("subnets are counted from the network's start", () => {
  expect(subnet(cidr("10.10.0.0/16"), 20, 0)).toBe("10.10.0.0/20");
  expect(subnet(cidr("10.10.0.0/16"), 20, 15)).toBe("10.10.240.0/20");
  expect(subnet(cidr("10.10.0.0/16"), 16, 0)).toBe("10.10.0.0/16");
  expect(subnet(cidr("255.255.0.0/16"), 24, 255)).toBe("255.255.255.0/24");
});

test.each([
  [20, 16],
  [20, -1],
  [15, 0],
  [33, 0],
])("a network of length /%i number %i is outside 10.10.0.0/16", (prefix, index) => {
  expect(() => subnet(cidr("10.10.0.0/16"), prefix, index)).toThrow(RangeError);
});

test("addresses are counted from the network's first", () => {
  expect(hostAddress(cidr("172.20.0.0/16"), 10)).toBe("172.20.0.10");
  expect(hostAddress(cidr("172.20.0.0/16"), 65_535)).toBe("172.20.255.255");
  expect(() => hostAddress(cidr("172.20.0.0/16"), 65_536)).toThrow("address 65536 is outside 172.20.0.0/16");
  expect(() => hostAddress(cidr("172.20.0.0/16"), -1)).toThrow(RangeError);
});
