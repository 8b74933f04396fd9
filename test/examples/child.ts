/** Decides how a test runs an example: as the process it is, until it says something or ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

export interface Example {
  readonly child: ChildProcess;
  /** Resolves with what the expression found in the output; rejects when the example ends without it. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Examples import the package by its own name, so it has to be built. */
export function buildPackage(): void {
  const build = spawnSync(process.execPath, ['scripts/build.mjs', '--if-needed'], { encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`The package could not be built:\n${build.stderr}`);
}

export function runExample(
  program: string,
  environment: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Example {
  const compiling = program.endsWith('.js') ? [] : ['--import', 'tsx'];
  const child = spawn(process.execPath, [...compiling, program, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      for (const listener of listeners) listener();
    });
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
  return {
    child,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(output);
          if (found !== null) resolve(found);
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`${program} ended without saying ${pattern}:\n${output}`)));
      }),
  };
}
