/** This process' environment without anything that could lead to a real account or another Terraform setting. */
export function isolated(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|TF_|MOTO_|LOCALSTACK_)/.test(name) && !/proxy$/i.test(name),
  );
  return { ...Object.fromEntries(kept), ...more };
}
