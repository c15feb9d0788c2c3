import { at, type Problem, type Subject } from "../finding";

/** Arguments of the AWS provider 5.100.0 that are the path of a file where Terraform runs. */
const READERS: ReadonlyMap<string, string> = new Map([
  ["aws_s3_object", "source"],
  ["aws_s3_bucket_object", "source"],
  ["aws_lambda_function", "filename"],
  ["aws_lambda_layer_version", "filename"],
  ["aws_gamelift_script", "zip_file"],
  ["aws_synthetics_canary", "zip_file"],
  ["aws_connect_contact_flow", "filename"],
  ["aws_connect_contact_flow_module", "filename"],
  ["aws_rds_custom_db_engine_version", "filename"],
]);

/**
 * No resource uploads a file. The bundle has none, so the file could only be one of the server: its environment, say,
 * by way of /proc.
 */
export function* localFiles({ blocks }: Subject): Generator<Problem> {
  for (const { labels, body, where } of blocks("resource")) {
    const key = READERS.get(labels[0] ?? "");
    if (key !== undefined && Object.hasOwn(body, key)) {
      yield {
        where: at(where, key),
        message:
          "uploads a file of the server; put the text into the code, or the file into a bucket beforehand",
      };
    }
  }
}
