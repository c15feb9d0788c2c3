module.exports = { testEnvironment: "node", roots: ["<rootDir>/dist"] };
