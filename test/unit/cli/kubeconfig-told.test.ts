import { diffOf } from "../../../cli/kubeconfig/told";
import type { EntryChange } from "../../../operations/kubeconfig/merge";

const secret = "hunter2";
const user = {
  user: {
    "client-key-data": secret,
    "client-certificate-data": secret,
    token: secret,
    password: secret,
    username: "ann",
  },
};

test.each<[EntryChange["action"], Pick<EntryChange, "before" | "after">]>([
  ["added", { before: null, after: user }],
  ["removed", { before: user, after: null }],
])("the difference of a user that is %s shows no secret", (action, values) => {
  const shown = diffOf({
    ...{ file: "config", environments: [], gone: [], stale: true, written: false },
    changes: [{ section: "users", name: "ann", action, ...values }],
    currentContext: { before: undefined, after: undefined },
  });
  expect(shown).not.toContain(secret);
  expect(shown.match(/\(not shown\)/g)).toHaveLength(4);
  expect(shown).toContain("username: ann");
});
