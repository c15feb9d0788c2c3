// aws-eks-v2 without the check of templates, which no other subject has.
"use strict";
const { subject } = require("../eks-v2.js");

module.exports = subject({ builtinCloudFormationValidation: false });
