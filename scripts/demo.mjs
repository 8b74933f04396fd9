/**
 * Decides how `npm run demo` runs: builds the package if it is not built, then runs examples/demo as its user would,
 * with its arguments, signals and exit code passed through. Knows nothing of what it does.
 */
import { runTypeScript } from './lib/run-typescript.mjs';

await runTypeScript('examples/demo/main.ts', process.argv.slice(2));
