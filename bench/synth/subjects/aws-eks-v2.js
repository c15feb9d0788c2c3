// aws-eks-v2 as it comes: its apps check every template against rules of CloudFormation.
"use strict";
const { subject } = require("../eks-v2.js");

module.exports = subject({});
