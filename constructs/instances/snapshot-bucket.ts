import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Construct } from "constructs";
import { policy } from "../iam";
import type { InstancePlace } from "./instance-place";

export interface SnapshotBucketProps {
  readonly place: Pick<InstancePlace, "name" | "account" | "keyArn" | "deletionProtection">;
  /** Whose snapshots: `etcd`. */
  readonly of: string;
}

const SNAPSHOT_DAYS = 30;

/** Snapshots of etcd or Consul: versioned, encrypted by the cluster's key, over TLS alone, kept for 30 days. */
export class SnapshotBucket extends Construct {
  readonly bucketName: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { place, of }: SnapshotBucketProps) {
    super(scope, id);
    // With the account, as names of buckets are one for all accounts; at most 59 of 63 characters.
    this.bucketName = `${place.name}-${of}-${place.account}`;
    const bucket = new S3Bucket(this, "bucket", {
      bucket: this.bucketName,
      // A bucket that holds something cannot be destroyed otherwise.
      forceDestroy: !place.deletionProtection,
      tags: { Name: this.bucketName },
      lifecycle: { preventDestroy: place.deletionProtection },
    });
    this.arn = bucket.arn;
    const versioning = new S3BucketVersioningA(this, "versioning", {
      bucket: bucket.id,
      versioningConfiguration: { status: "Enabled" },
    });
    new S3BucketServerSideEncryptionConfigurationA(this, "encryption", {
      bucket: bucket.id,
      rule: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: place.keyArn },
          bucketKeyEnabled: true,
        },
      ],
    });
    const block = new S3BucketPublicAccessBlock(this, "public-access", {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketPolicy(this, "policy", {
      bucket: bucket.id,
      policy: policy({
        Sid: "OverTlsAlone",
        Effect: "Deny",
        Principal: { AWS: "*" },
        Action: ["s3:*"],
        Resource: [bucket.arn, `${bucket.arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
      dependsOn: [block],
    });
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      bucket: bucket.id,
      rule: [
        {
          id: "old-snapshots",
          status: "Enabled",
          filter: [{ prefix: "" }],
          expiration: [{ days: SNAPSHOT_DAYS }],
          noncurrentVersionExpiration: [{ noncurrentDays: SNAPSHOT_DAYS }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 1 }],
        },
      ],
      dependsOn: [versioning],
    });
  }
}
