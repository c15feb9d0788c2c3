import { at, quoted, type Problem, type Subject } from "../finding";

/** `aws_vpc.main` and `aws_vpc.main["a"]`, as Terraform writes an address: nothing around it, nothing within it. */
const ADDRESS = /^([a-z][a-z0-9_]*)\.[A-Za-z_][-\w]*(\[[^]*\])?$/;

/**
 * Types of the providers that stacks have, and of common others, whose present values hold a secret, or text that people
 * put secrets into: variables of programs, scripts of machines, definitions of containers. AWS gives nobody the password
 * of a database, so databases are none of them.
 */
const SECRET: readonly RegExp[] = [
  /^aws_(secretsmanager_secret_version|ssm_parameter|ssm_document|iam_access_key|kms_ciphertext|vpn_connection)$/,
  /^aws_(instance|spot_instance_request|launch_template|launch_configuration|imagebuilder_component)$/,
  /^aws_(lambda_function|ecs_task_definition|batch_job_definition|codebuild_project|sfn_state_machine)$/,
  /^aws_(elastic_beanstalk_\w+|apprunner_service|amplify_\w+|cloudformation_\w+|sagemaker_\w+|lightsail_\w+)$/,
  /^aws_(cognito_user_pool_client|cognito_identity_provider|api_gateway_api_key|appsync_\w+)$/,
  /^aws_(dms_endpoint|glue_connection|glue_job|kinesis_firehose_delivery_stream|appconfig_\w+|mq_\w+|msk\w*)$/,
  /^kubernetes_(secret|config_map|token_request|service_account|manifest)(_|$)/,
  /^kubernetes_(pod|deployment|daemonset|daemon_set|stateful_set|replication_controller|job|cron_job|env)(_|$)/,
  /^(random|tls|vault|helm|local)_/,
];

/**
 * An import reads what is there at each plan, before anybody has reviewed it, and into the plan. So it is into types that
 * are no secrets: of those, any secret of the account would be one pull request away.
 */
export function* imports({ blocks }: Subject): Generator<Problem> {
  for (const { body, where } of blocks("import")) {
    const [, type = ""] = ADDRESS.exec(typeof body.to === "string" ? body.to : "") ?? [];
    if (type === "") {
      yield {
        where: at(where, "to"),
        message: `is ${quoted(body.to)}, and must be a resource, like aws_vpc.main`,
      };
    } else if (SECRET.some((pattern) => pattern.test(type))) {
      yield {
        where: at(where, "to"),
        message: `a plan would read a secret into ${quoted(type)} before a review; an administrator imports it by hand`,
      };
    }
  }
}
