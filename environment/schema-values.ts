import { INSTANCE_TYPE } from "./instance-type";
import { SHORT_LABEL } from "./naming";
import { text } from "./schema-types";

/** Values that several parts of an environment have. */

export const domainName = text(
  /^(?=.{1,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
  "a domain name in lower case",
  "development.example.internal",
);
export const account = text(/^\d{12}$/, "an AWS account id of 12 digits", "111111111111");
export const region = text(
  /^(?!cn-|us-gov-)[a-z]{2}(-[a-z]+)+-\d$/,
  "an AWS region of the commercial partition",
  "us-east-1",
);
export const shortLabel = (noun: string, example: string) =>
  text(SHORT_LABEL, `${noun} (DNS label of at most 20 characters: a-z, 0-9, -, a letter first)`, example);
export const instanceType = text(INSTANCE_TYPE, "an EC2 instance type", "m7i.xlarge");

export const principal = text(
  /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
  "an ARN of an IAM role or user (not of an assumed-role session)",
  "arn:aws:iam::111111111111:role/platform-admin",
);
export const role = text(
  /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  "an ARN of an IAM role (not of an assumed-role session)",
  "arn:aws:iam::111111111111:role/atlantis",
);
