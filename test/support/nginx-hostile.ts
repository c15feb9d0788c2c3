/**
 * Request targets by which a client might reach another service than the one that it names, or write into the request
 * that goes on. As bytes: each character is one.
 */

/** Escapes of bytes that mean something to a server: separators, dots, controls, and the escape itself. */
const ESCAPES = [
  ...["%2f", "%2F", "%5c", "%5C", "%2e", "%2E", "%2e%2e", "%25", "%3f", "%3F", "%23", "%7f", "%7F"],
  ...["%00", "%01", "%08", "%09", "%0a", "%0A", "%0d", "%0D", "%0d%0a", "%0b", "%1f"],
];

const around = (escape: string) => [
  `/service/foo${escape}`,
  `/service/foo${escape}bar`,
  `/service/foo${escape}bar/x`,
  `/service/${escape}foo/x`,
  `/service/foo/${escape}`,
  `/service/foo/a${escape}b/c`,
  `/service${escape}foo/x`,
];

const OTHER_PATHS = [
  ...[
    "/service/foo/../bar/x",
    "/service/foo/x/../../bar",
    "/service/foo/./../bar/x",
    "/service/../service/bar",
  ],
  ...["/service/./foo/x", "/./service/foo/x", "/../service/foo/x", "/x/../service/foo", "/service/foo/."],
  ...[
    "/service/foo/..",
    "/service/foo/..?x=1",
    "/service/foo/a/.",
    "/service/foo/..;/bar",
    "/service/foo/.;a=b/x",
  ],
  ...["/service/foo/..%3b/bar", "/service/foo/.%3B/bar", "/service/foo/..#", "/service/foo/x#/../bar"],
  ...["//service/foo/x", "/service//foo/x", "/service/foo//", "/service/foo//bar/x", "///", "/service///"],
  ...["/service/foo#", "/service/foo#/bar", "/service/foo/x#y", "#/service/foo"],
  // From mesh research, as they were sent.
  ...["/service/127.0.0.1:29180%3f/x", "/service/169.254.169.254:80%3f/latest/meta-data/"],
  ...["/service/foo%0d%0aX-Evil:%201%0d%0aZ:/x", "/service/foo/%0d%0a%0d%0aGET%20/service/bar/x"],
  ...["/service/foo/%252e%252e/bar/x", "/service/foo%2f..%2fbar/x", "/service/foo%252f..%252fbar/x"],
  ...["/service/foo/%2e%2e%2fbar", "/service/foo/..%5cbar", "/service/foo/%c0%ae%2e/bar"],
];

const OTHER_NAMES = [
  ...["127.0.0.1", "127.0.0.1:8080", "169.254.169.254", "[::1]", "[::1]:8080", "2130706433", "0x7f000001"],
  ...["foo:8080", "foo:80", "bar@foo", "foo@bar", "foo,bar", "foo;bar", "foo+bar", "foo&bar"],
  ...["foo.default", "foo.kube-system", "foo.default.svc.cluster.local", "foo.", ".foo", "foo..bar", "..."],
  ...[
    "FOO",
    "Foo",
    "fOo",
    "foo_bar",
    "_foo",
    "-foo",
    "foo-",
    "1foo",
    "*",
    "$foo",
    "foo$",
    "~foo",
    "f%c3%b6o",
  ],
  ...["a".repeat(64), "a".repeat(65), `a${"-b".repeat(40)}`, `${"a".repeat(63)}-`, "a".repeat(300)],
  ...["kubernetes", "skyline-bridge", "%6bubernetes", "kubernete%73", "skyline%2dbridge"],
];

const NOT_SERVICES = [
  ...[
    "/",
    "/service",
    "/service/",
    "/services/foo/x",
    "/Service/foo/x",
    "/SERVICE/foo",
    "/servicefoo",
    "/foo/x",
  ],
  ...["/health", "/ready", "/_skyline/generation", "/nginx_status", "/.git/config"],
  // Absolute and other forms of a target.
  ...[
    "http://169.254.169.254/latest/meta-data/",
    "http://bar.default.svc.cluster.local:8080/x",
    "http://bar/",
  ],
  ...["http://bar/service/kubernetes/x", "http://kubernetes:443/", "http://foo?/service/foo", "http://foo"],
  ...[
    "http://bar/service/foo/../bar/x",
    "http://bar//service/foo",
    "*",
    "foo:8080",
    "service/foo/x",
    "?/service/foo",
  ],
];

/** Bytes that no target has unescaped. */
const RAW = [
  ...[
    "/service/foo\\bar/x",
    "/service/foo/..\\bar",
    "/service\\foo/x",
    "\\service\\foo",
    "/service/foo\\..\\bar",
  ],
  ...["/service/foo\0/x", "/service/foo/\0", "/service/foo\tbar/x", "/service/foo/\x01", "/service/foo/\x7f"],
  ...["/service/foo/a\rX-Evil: 1", "/service/foo/\x0bx", "/service/foo/a b", "/service/f\xf6o/x"],
  ...["/service/foo/%", "/service/foo/%2", "/service/foo/%zz", "/service/foo/%u002e%u002e/bar"],
];

/** All of these are refused: 400 or 404. */
export const HOSTILE_TARGETS: readonly string[] = [
  ...new Set([
    ...ESCAPES.flatMap(around),
    ...OTHER_PATHS,
    ...OTHER_NAMES.flatMap((name) => [`/service/${name}`, `/service/${name}/x`]),
    ...NOT_SERVICES,
    ...RAW,
  ]),
];

/** Targets that look odd, and what the service foo gets of them. */
export const ODD_TARGETS: Readonly<Record<string, string>> = {
  "/service/foo/a%20b": "/a%20b",
  "/service/foo/%61%62": "/ab",
  "/service/foo/%c3%a4/%E2%82%AC": "/%C3%A4/%E2%82%AC",
  "/service/foo/\xe4": "/%E4",
  "/service/foo/%c0%af..%c0%afbar": "/%C0%AF..%C0%AFbar",
  "/service/foo/a..b/...c/.well-known/..d/e.": "/a..b/...c/.well-known/..d/e.",
  "/service/foo/a;v=1,2/b:c@d/~e!$&'()*+": "/a;v=1,2/b:c@d/~e!$&'()*+",
  "/service/foo/a%2bb%3Bc%40d": "/a+b;c@d",
  "/service/foo/%22%3c%3e%7b%7d%7c%5e%60": "/%22%3C%3E%7B%7D%7C%5E%60",
  "/service/foo/service/bar/x": "/service/bar/x",
  "/service/foo/kubernetes": "/kubernetes",
  "/service/foo?": "/",
  "/service/foo?/../bar": "/?/../bar",
  "/service/foo/?x=%2f..%2f%00%0d%0a%25%5c//../": "/?x=%2f..%2f%00%0d%0a%25%5c//../",
  "/service/foo/x?u=http://bar/%2e%2e/y": "/x?u=http://bar/%2e%2e/y",
  "http://bar/service/foo/x": "/x",
  "http://kubernetes.default.svc.cluster.local:443/service/foo/x?y": "/x?y",
};

/** Requests whose end two servers could see at different places. */
export const SMUGGLING: Readonly<Record<string, string>> = {
  "a length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "two lengths": "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
  "two lengths in one header": "Content-Length: 5, 6\r\n\r\nabcdef",
  "a negative length": "Content-Length: -1\r\n\r\n",
  "a coding that is unknown": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  "two codings": "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "a space before the colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
  "a chunk that ends with a bare line feed": "Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n",
  "a chunk of a wrong length": "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
  "two hosts": "Host: bar\r\n\r\n",
};

/** What targets can be put together from. */
export const TOKENS = [
  ...[
    "/",
    "//",
    ".",
    "..",
    "/../",
    ";",
    "?",
    "#",
    "&",
    "=",
    ":",
    "@",
    "\\",
    "%20",
    "%3b",
    "%c3%a4",
    ...ESCAPES,
  ],
  ...[
    "service",
    "foo",
    "bar",
    "-bar",
    "kubernetes",
    "127.0.0.1",
    ":8080",
    "x",
    "X-Evil: 1",
    "%0d%0aX-Evil:1",
  ],
];

/** A path that two servers could read differently. */
export const TWOFOLD = /%(0|1|7f|2[35ef]|3f|5c)|\/\/|[\\#]|\/\.\.?([/;]|%3b|$)/i;
