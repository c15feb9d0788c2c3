// EKS Blueprints with the provider that its documentation builds clusters with, on aws-eks.
"use strict";
const { subject } = require("../blueprint.js");

module.exports = subject(
  ({ blueprints, eks1: eks }, options) =>
    new blueprints.GenericClusterProvider({
      ...options,
      endpointAccess: eks.EndpointAccess.PRIVATE,
      authenticationMode: eks.AuthenticationMode.API,
    }),
);
