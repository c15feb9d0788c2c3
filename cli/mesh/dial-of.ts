/**
 * A command of the dial, for the mesh of this machine: it has the name and the clusters of the environment `development`,
 * whose file is in `environments/`.
 */
export const dialOf = (
  { environment, consul }: { readonly environment: string; readonly consul: { readonly url: string } },
  command: string,
): string => `CONSUL_HTTP_ADDR=${consul.url} skyline dial ${command} --env ${environment}`;
