/** Decides how a test run is told in one line, from vitest's own JSON report. Judges nothing: the run's exit code does. */
import { readFileSync } from 'node:fs';

const [reportFile] = process.argv.slice(2);
const text = reportFile === undefined ? '' : readFileSync(reportFile, 'utf8');
if (text === '') {
  console.log('The test run did not come to an end: there is nothing to count.');
} else {
  const report = JSON.parse(text);
  // A file that fails to load has no tests in the report, and is a failure all the same.
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  console.log(`${report.numPassedTests} passed, ${report.numFailedTests + unloadable} failed`);
}
