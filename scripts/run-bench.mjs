/**
 * Decides how `npm run bench -- [name…] [options]` runs: builds the package if it is not built, then runs bench/main.ts
 * with its arguments, signals and exit code passed through. Knows nothing of what is measured.
 */
import { runTypeScript } from './lib/run-typescript.mjs';

await runTypeScript('bench/main.ts', process.argv.slice(2), { nodeArgs: ['--expose-gc'] });
