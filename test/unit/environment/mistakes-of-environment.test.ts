import { mistake, testMistakes } from "./mistake";

testMistakes({
  "account without quotes": mistake(
    'account: "111111111111"',
    "account: 111111111111",
    "111111111111\nregion",
    "account: 111111111111 is no AWS account id of 12 digits",
    'write it like "111111111111", and in quotes (YAML reads it as a number)',
  ),
  "account of eleven digits": mistake(
    'account: "111111111111"',
    'account: "11111111111"',
    '"11111111111"',
    '"11111111111" is no AWS account id of 12 digits',
  ),
  "Kubernetes version without quotes": mistake(
    'kubernetes: "1.35"',
    "kubernetes: 1.35",
    "1.35\n    serviceCidr: 172.21",
    "clusters.bravo.kubernetes: 1.35 is no minor version of Kubernetes",
    "in quotes",
  ),
  "Kubernetes version that is not supported": mistake(
    "kubernetes: 1.35.4",
    "kubernetes: 1.29.1",
    "1.29.1",
    "clusters.alpha.kubernetes: Kubernetes 1.29 is not supported; write one of 1.34, 1.35, 1.36",
  ),
  "Kubernetes version without its patch": mistake(
    "kubernetes: 1.35.4",
    'kubernetes: "1.35"',
    '"1.35"\n    serviceCidr: 172.20',
    '"1.35" is no Kubernetes version with its patch; write it like "1.35.4"',
  ),
  "region that is none": mistake(
    "region: us-east-1\ndomain",
    "region: virginia\ndomain",
    "virginia",
    '"virginia" is no AWS region',
    'write it like "us-east-1"',
  ),
  "region that is missing its value": mistake(
    "region: us-east-1\ndomain",
    "region:\ndomain",
    "\ndomain",
    "region: is empty; it wants an AWS region",
  ),
  "domain with a final dot": mistake(
    "domain: complete.example.internal",
    "domain: complete.example.internal.",
    "complete.example.internal.",
    "is no domain name in lower case",
  ),

  "no admins": mistake(
    "  admins:\n    - arn:aws:iam::111111111111:role/platform-admin\n    - arn:aws:iam::111111111111:user/break-glass\n",
    "",
    "access:",
    "access.admins: is missing; it wants a list of ARNs of IAM roles or users",
  ),
  "an empty list of admins": mistake(
    "\n    - arn:aws:iam::111111111111:role/platform-admin\n    - arn:aws:iam::111111111111:user/break-glass",
    " []",
    "[]",
    "access.admins: is empty; name at least one admin",
  ),
  "an admin that is a session": mistake(
    "arn:aws:iam::111111111111:user/break-glass",
    "arn:aws:sts::111111111111:assumed-role/admin/me",
    "arn:aws:sts",
    "access.admins[1]",
    "not of an assumed-role session",
  ),
  "the deployer among the admins": mistake(
    "arn:aws:iam::111111111111:user/break-glass",
    "arn:aws:iam::111111111111:role/atlantis",
    "arn:aws:iam::111111111111:role/atlantis\n  deployer",
    "access.admins[1]: the deployer is an admin too; leave it out here",
  ),
  "an admin twice": mistake(
    "arn:aws:iam::111111111111:user/break-glass",
    "arn:aws:iam::111111111111:role/platform-admin",
    "arn:aws:iam::111111111111:role/platform-admin\n  deployer",
    "access.admins[1]: admin arn:aws:iam::111111111111:role/platform-admin is there twice; access.admins[0]",
  ),
});
