/**
 * Decides how `npm run soak -- history --topology T --minutes N`, `npm run soak -- differential --minutes N` (with `--database mariadb` or `mysql57`: there),
 * `npm run soak -- churn` and `npm run soak -- crash --rounds N` run: which program is meant, with its arguments, signals and exit code passed through. Knows nothing of what it does.
 */
import { runTypeScript } from './lib/run-typescript.mjs';

const programs = {
  history: 'test/consistency/history/soak.ts',
  differential: 'test/consistency/differential/soak.ts',
  churn: 'test/consistency/churn/soak.ts',
  crash: 'test/persistence/crash/soak.ts',
};
const [name = '', ...args] = process.argv.slice(2);
const isOnMysql =
  name === 'differential' && args.some((arg) => /^(--database=)?(mariadb|mysql57)$/.test(arg));
const program = isOnMysql
  ? 'test/consistency/differential-mysql/soak.ts'
  : programs[/** @type {keyof typeof programs} */ (name)];
if (program === undefined) {
  process.stderr.write(`Say which: ${Object.keys(programs).join(', ')}\n`);
  process.exit(2);
}
await runTypeScript(program, args);
