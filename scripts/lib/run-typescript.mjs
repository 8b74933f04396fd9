/**
 * Decides how a TypeScript program that uses the built package is run from a checkout: dist/ is brought up to date,
 * signals go through, its exit code becomes ours, and it learns when we are gone. Knows nothing of the program.
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const parentLookEveryMs = 500;

/**
 * @param {string} program path from the root of the checkout
 * @param {readonly string[]} args
 * @param {{ nodeArgs?: readonly string[] }} [options]
 */
export async function runTypeScript(program, args, { nodeArgs = [] } = {}) {
  const build = spawnSync(process.execPath, ['scripts/build.mjs', '--if-needed'], {
    cwd: root,
    stdio: ['ignore', 2, 2], // what it says is not the program's output
  });
  if (build.status !== 0) process.exit(build.status ?? 1);

  const child = spawn(process.execPath, [...nodeArgs, '--import', 'tsx', program, ...args], {
    cwd: root,
    // The channel carries nothing; its end tells the program that we are gone, `kill -9` included.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  endWithNpm(() => child.kill('SIGHUP'));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...how) => resolve(how));
  });
  process.exit(code ?? (signal === 'SIGKILL' ? 137 : 1));
}

/** npm waits for us, so when our parent is another process than at the start, npm was killed and nobody waits. */
function endWithNpm(end) {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    end();
  }, parentLookEveryMs);
  look.unref();
}
