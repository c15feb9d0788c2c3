// EKS Blueprints with its newer provider, on aws-eks-v2.
"use strict";
const { subject } = require("../blueprint.js");

module.exports = subject(
  ({ blueprints, eks2: eks }, options) =>
    new blueprints.GenericClusterProviderV2({
      ...options,
      endpointAccess: eks.EndpointAccess.PRIVATE,
      defaultCapacityType: eks.DefaultCapacityType.NODEGROUP,
    }),
);
