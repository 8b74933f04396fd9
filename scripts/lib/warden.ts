/**
 * Decides what happens to a server we started when this process dies without stopping it, `kill -9` included.
 * Knows a directory and a pid file, nothing of what runs there.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

export interface Warden {
  /** The owner has cleaned up: the warden leaves without doing anything. */
  dismiss(): void;
}

/**
 * A shell that waits on a pipe only we hold. A line means all is well; the end of the pipe without one means that
 * we are gone: it stops whoever is named in the pid file and removes the directory.
 */
const script = `
read -r line && exit 0
pid=$(head -n 1 "$2" 2>/dev/null)
pid=\${pid#-} # Postgres writes it negative while initdb runs, which kill would take for a process group
if [ -n "$pid" ] && [ "$3" = nothing ]; then
  kill -KILL "$pid" 2>/dev/null
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
elif [ -n "$pid" ]; then
  kill -INT "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -QUIT "$pid" 2>/dev/null && sleep 1
fi
rm -rf "$1"
`;

export interface WardenOptions {
  readonly directory: string;
  readonly pidFile: string;
  /** The server is killed at once: it heeds no SIGINT, and its data goes with it. */
  readonly nothingToSave?: boolean;
}

export function startWarden({ directory, pidFile, nothingToSave = false }: WardenOptions): Warden {
  const saving = nothingToSave ? 'nothing' : 'all';
  const child = spawn('/bin/sh', ['-c', script, 'warden', directory, pidFile, saving], {
    cwd: '/',
    detached: true, // a Ctrl-C at the terminal must not take it along
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref(); // a pipe keeps the event loop alive although its child does not
  child.stdin.on('error', () => undefined); // EPIPE: the warden was killed by somebody, so nobody is waiting
  return { dismiss: () => void child.stdin.end('done\n') };
}
