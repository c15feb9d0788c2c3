/** A kubeconfig of a person's own: nothing in it may change. */
export const MINE = `# mine, and precious
apiVersion: v1
kind: Config
clusters:
- name: mine # by hand
  cluster: {server: "https://mine.example.com"}
contexts:
- name: mine
  context: {cluster: mine, user: mine}
users:
- name: mine
  user: {token: hunter2}
current-context: mine
`;
