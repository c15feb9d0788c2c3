import { blocks, isExpression, said, type Check } from "./resource";

const INSTANCES = [
  "aws_instance",
  "aws_spot_instance_request",
  "aws_launch_configuration",
  "aws_launch_template",
];

/**
 * An instance serves its metadata, the role's credentials among it, without a session token: then whatever a server can
 * be talked into fetching can fetch them.
 */
export const instanceMetadataV1: Check = ({ type, values }) => {
  const options = blocks(values, "metadata_options");
  const isOff = options.some(({ http_endpoint: endpoint }) => endpoint === "disabled");
  const tokens = options.find(({ http_tokens }) => http_tokens !== undefined)?.http_tokens;
  // An instance without options of its own has those of its template.
  const isElsewhere =
    options.length === 0 && type !== "aws_launch_template" && blocks(values, "launch_template").length > 0;
  return !INSTANCES.includes(type) || isOff || isElsewhere || tokens === "required" || isExpression(tokens)
    ? []
    : [
        {
          wrong: said("metadata_options.http_tokens", tokens),
          right: "write http_tokens: required (IMDSv2)",
        },
      ];
};
