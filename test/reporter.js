/** Ends a run with `N passed, N failed` and names every test that was skipped, so that none is skipped unseen. */
module.exports = class ClosingLine {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap(({ testResults }) =>
      testResults.filter(({ status }) => ["pending", "todo", "skipped", "disabled"].includes(status)),
    );
    for (const { fullName } of skipped) {
      process.stdout.write(`skipped: ${fullName}\n`);
    }
    // A file that does not even load has no tests to count: it is a failure all the same.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const rest = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
    process.stdout.write(`${results.numPassedTests} passed, ${failed} failed${rest}\n`);
  }
};
