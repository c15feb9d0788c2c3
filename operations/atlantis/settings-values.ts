import { isAbsolute, posix } from "node:path";
import { text, wants } from "../../environment/schema-types";
import { z } from "zod";

/** Values that a person chooses once for a repository: they reach YAML, regular expressions and shell commands. */

/** Atlantis compares it with `<host>/<owner>/<name>` (GitLab: groups between them), letter by letter. */
export const repositoryId = text(
  /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?(:\d{1,5})?(\/(?!\.{1,2}(\/|$))[A-Za-z0-9_.-]{1,100}){2,10}$/,
  "a repository as Atlantis names it (host, owner and name, no https:// before it)",
  "github.com/example/platform",
);

/** Less than what git allows, more than what people use. */
export const branchName = text(
  /^(?!.*(\.\.|\/\/|\/\.|\.lock(\/|$)))[A-Za-z0-9][A-Za-z0-9._/-]{0,99}(?<![./])$/,
  "a name of a branch",
  "main",
);

const STORE = "https://artefacts.example.internal/skyline";
const storeText = wants("a store", STORE);

/** Where bundles are kept: `https://host/path`, `http://` on loopback alone, or `file:///path` on a shared disk. */
export const storeUrl = z.string({ error: storeText }).superRefine((value, context) => {
  const message = wrongStore(value);
  if (message !== undefined) {
    context.addIssue({ code: "custom", message });
  }
});

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function wrongStore(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^[\x21-\x7e]{1,1000}$/.test(value) || /[\\"'`$;&|<>*()]/.test(value)) {
    return storeText({ input: value });
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return `has a user, a query or a fragment; write the address alone, like ${STORE}`;
  }
  if (url.protocol === "file:") {
    const plain =
      url.host === "" && isAbsolute(url.pathname) && posix.normalize(url.pathname) === url.pathname;
    return plain && url.pathname.length > 1 ? undefined : "is no folder; write it like file:///srv/skyline";
  }
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    return "sends code that Atlantis is to trust in the clear; write https://";
  }
  return ["http:", "https:"].includes(url.protocol) ? undefined : storeText({ input: value });
}
