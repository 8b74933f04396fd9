/** `lookaside serve`, run as the process it is: it has the habits of redis-server. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.js';
import { converse, converseInCommands, encode } from '../compat/wire.js';
import { type Bundle, bundle } from '../consistency/history/bundle.js';
import { socketPath } from './support.js';

const program = `
  import { serveCommand } from './src/cli/serve.ts';
  serveCommand().exitOverride().parseAsync(process.argv.slice(2), { from: 'user' })
    .catch((error) => { console.error(error.message); process.exitCode = 1; });
`;
/** A process that has to compile its sources first takes seconds to start. */
let built: Bundle;
const children: ChildProcess[] = [];

beforeAll(async () => {
  built = await bundle({ contents: program }, null);
});
afterAll(() => built.dispose());

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

interface Serving {
  readonly child: ChildProcess;
  /** Resolves with what was printed once it holds the text, or at the end. */
  until(text: string): Promise<string>;
  exit: Promise<number | null>;
}

function serve(...args: string[]): Serving {
  // It keeps its files where it was started.
  const child = spawn(process.execPath, [built.file, ...args], { cwd: folder() });
  children.push(child);
  let output = '';
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const until = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (output.includes(text)) resolve(output);
      };
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          output += String(chunk);
          check();
        });
      child.on('close', () => resolve(output));
      check();
    });
  return { child, until, exit };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const folder = (): string => mkdtempSync(join(tmpdir(), 'lookaside-serve-'));

function file(name: string, ...lines: string[]): string {
  const path = join(folder(), name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

it('serves until it is told to stop, with a pid file and the lines that tools wait for', async () => {
  const path = socketPath();
  const pidFile = join(folder(), 'server.pid');
  const serving = serve(
    '--port',
    '0',
    '--unixsocket',
    path,
    '--maxmemory',
    '10mb',
    '--maxmemory-policy',
    'allkeys-lru',
    '--pidfile',
    pidFile,
  );
  const output = await serving.until('Ready to accept connections');
  expect(output).toContain(`PID: ${serving.child.pid}`);
  expect(output).toMatch(/^\d+:M \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3} [*#] /m);
  expect(readFileSync(pidFile, 'utf8')).toBe(`${serving.child.pid}\n`);
  const answer = await converse({ path }, encode(['CONFIG', 'GET', 'maxmemory*']));
  expect(answer.toString()).toContain('10485760');
  const ended = serving.until('bye bye');
  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
  expect(await ended).toContain('Received SIGTERM scheduling shutdown...');
  expect(existsSync(pidFile)).toBe(false);
});

it('reads a file with quotes, includes, users, renamed commands and old names; options win', async () => {
  const port = await freePort();
  const included = file('more.conf', 'maxmemory-samples 7');
  const log = join(folder(), 'server.log');
  const path = file(
    'redis.conf',
    '# a comment',
    '   port 1',
    `include ${included}`,
    'requirepass "a \\"quoted\\" \\x41"',
    'user ann on >secret ~a* +get +echo +acl|whoami',
    "rename-command CONFIG 'not-config'",
    'rename-command DEBUG ""',
    'hash-max-ziplist-entries 99',
    'slave-read-only yes',
    'hz 50',
    'client-output-buffer-limit normal 10mb 0 0',
    'client-output-buffer-limit pubsub 1mb 1mb 10',
    'save ""',
    `logfile ${log}`,
  );
  const serving = serve(path, '--port', String(port), '--save', '');
  const where = { host: '127.0.0.1', port };
  while (!existsSync(log) || !readFileSync(log, 'utf8').includes('Ready to accept'))
    await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(log, 'utf8')).toContain('These parameters have no effect in this version: hz');
  const get = (name: string): string[] => ['not-config', 'GET', name];
  const replies = await converseInCommands(where, [
    ['AUTH', 'a "quoted" A'],
    get('maxmemory-samples'),
    get('hash-max-listpack-entries'),
    get('client-output-buffer-limit'),
    ['CONFIG', 'GET', 'port'],
    ['DEBUG', 'DIGEST'],
    ['AUTH', 'ann', 'secret'],
    ['ACL', 'WHOAMI'],
    ['GET', 'b'],
  ]);
  expect(JSON.stringify(replies.slice(1, 4))).toContain('"7"');
  expect(JSON.stringify(replies[2])).toContain('"99"');
  expect(JSON.stringify(replies[3])).toContain(
    'normal 10485760 0 0 slave 268435456 67108864 60 pubsub 1048576 1048576 10',
  );
  expect(String(replies[4])).toContain("unknown command 'CONFIG'");
  expect(String(replies[5])).toContain("unknown command 'DEBUG'");
  expect(String(replies[7])).toContain('ann');
  expect(String(replies[8])).toContain('NOPERM');
  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
});

const debian = '/etc/redis/redis.conf';

it.runIf(isReadable(debian))("starts with the redis.conf of Debian's package", async () => {
  const port = await freePort();
  const place = folder();
  const log = join(place, 'redis.log');
  const pidFile = join(place, 'redis.pid');
  // Where it may write is all that has to be other than on a machine of its own.
  const options = [
    '--port',
    String(port),
    '--logfile',
    log,
    '--pidfile',
    pidFile,
    '--daemonize',
    'no',
    '--dir',
    place,
  ];
  const serving = serve(debian, ...options);
  while (!existsSync(log) || !readFileSync(log, 'utf8').includes('Ready to accept'))
    await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(log, 'utf8')).not.toMatch(/These parameters have no effect/);
  const [answer] = await converseInCommands({ host: '127.0.0.1', port }, [
    ['CONFIG', 'GET', 'tcp-keepalive'],
  ]);
  expect(JSON.stringify(answer)).toContain('"300"');
  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
});

it('runs without a pidfile where none can be written, and says so', async () => {
  const port = await freePort();
  const serving = serve('--port', String(port), '--pidfile', join(folder(), 'missing', 'redis.pid'));
  await serving.until('Failed to write PID file: ');
  await serving.until('Ready to accept connections');
  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
});

it('outlives SIGSTOP with its clients, and answers what they sent meanwhile', async () => {
  const path = socketPath();
  const serving = serve('--port', '0', '--unixsocket', path);
  await serving.until('Ready to accept connections');
  const client = connect({ path });
  let reply = '';
  client.setEncoding('latin1').on('data', (chunk: string) => {
    reply += chunk;
  });
  const answered = async (expected: string): Promise<void> => {
    while (reply.length < expected.length) await once(client, 'data');
    expect(reply).toBe(expected);
  };
  client.write(encode(['SET', 'key', '1', 'PX', '1']));
  await answered('+OK\r\n');
  serving.child.kill('SIGSTOP');
  // The kernel says so once it has stopped.
  const status = `/proc/${serving.child.pid}/stat`;
  while (existsSync(status) && !/\) T /.test(readFileSync(status, 'utf8')))
    await new Promise((resolve) => setImmediate(resolve));
  client.write(encode(['SET', 'other', '2']));
  client.write(encode(['INCR', 'other']));
  serving.child.kill('SIGCONT');
  await answered('+OK\r\n+OK\r\n:3\r\n');
  client.destroy();
  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
});

it('becomes a daemon that SIGTERM ends', async () => {
  const port = await freePort();
  const place = folder();
  const pidFile = join(place, 'server.pid');
  const options = ['--port', String(port), '--daemonize', 'yes', '--pidfile', pidFile, '--dir', place];
  const bin = await bundle({ entry: 'src/bin.ts' }, null);
  onTestFinished(() => bin.dispose());
  const child = spawn(process.execPath, [bin.file, 'serve', ...options], { stdio: 'ignore' });
  children.push(child);
  expect((await once(child, 'exit'))[0]).toBe(0);
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '')
    await new Promise((resolve) => setImmediate(resolve));
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    const where = { host: '127.0.0.1', port };
    for (let isUp = false; !isUp; )
      isUp = await converse(where, encode(['PING'])).then(
        (answer) => answer.toString() === '+PONG\r\n',
        () => false, // not listening yet
      );
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  while (existsSync(pidFile)) await new Promise((resolve) => setImmediate(resolve));
});

it('CONFIG REWRITE keeps comments and order, changes what was changed and adds what is new', async () => {
  const port = await freePort();
  const path = file(
    'redis.conf',
    '# first',
    'maxmemory 1mb',
    '',
    '# second',
    'maxmemory-samples 5',
    'user ann on +get ~a',
    '',
  );
  const serving = serve(path, '--port', String(port));
  await serving.until('Ready to accept connections');
  const replies = await converseInCommands({ host: '127.0.0.1', port }, [
    ['CONFIG', 'SET', 'maxmemory', '2mb', 'requirepass', 'a b'],
    ['ACL', 'SETUSER', 'ann', 'off'],
    ['CONFIG', 'REWRITE'],
  ]);
  expect(replies.map(([, text]) => text)).toEqual(['OK', 'OK', 'OK']);
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(
    /^# first\nmaxmemory 2097152\n\n# second\nmaxmemory-samples 5\nuser ann off ~a resetchannels -@all \+get\nuser default on #[0-9a-f]{64} ~\* &\* \+@all\n/,
  );
  expect(text).toContain('# Generated by CONFIG REWRITE\n');
  expect(text).toContain(`port ${port}\n`);
  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
  const again = serve(path);
  await again.until('Ready to accept connections');
  const where = { host: '127.0.0.1', port };
  const [, answer] = await converseInCommands(where, [
    ['AUTH', 'a b'],
    ['CONFIG', 'GET', 'maxmemory'],
  ]);
  expect(JSON.stringify(answer)).toContain('2097152');
});

it('speaks TLS, and asks clients for certificates', async () => {
  const port = await freePort();
  const at = folder();
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: at, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca', '-days', '2');
  for (const name of ['server', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      `${name}.crt`,
      '-days',
      '2',
    );
  }
  const serving = serve(
    '--port',
    '0',
    '--tls-port',
    String(port),
    '--tls-cert-file',
    join(at, 'server.crt'),

    '--tls-key-file',
    join(at, 'server.key'),
    '--tls-ca-cert-file',
    join(at, 'ca.crt'),
    '--tls-protocols',
    'TLSv1.3',
  );
  await serving.until('Ready to accept connections');
  const read = (name: string): Buffer => readFileSync(join(at, name));
  const ask = async (withCertificate: boolean): Promise<string> => {
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      ca: read('ca.crt'),
      checkServerIdentity: () => undefined,
      ...(withCertificate ? { cert: read('client.crt'), key: read('client.key') } : {}),
    });
    let answer = '';
    socket.on('data', (chunk) => {
      answer += String(chunk);
      socket.end();
    });
    socket.on('error', (error: Error) => {
      answer += error.message;
    });
    socket.write(encode(['ECHO', 'x'.repeat(100_000)]));
    await new Promise((resolve) => socket.on('close', resolve));
    return answer;
  };
  expect(await ask(true)).toContain('$100000\r\nxxx');
  expect(await ask(false)).toContain('certificate required');
});

it('saves at SIGTERM as redis-server does, loads at the start, and refuses a folder that is held', async () => {
  const dir = folder();
  const port = await freePort();
  const endpoint = { host: '127.0.0.1', port };
  const options = ['--port', String(port), '--dir', dir];
  const first = serve(...options);
  await first.until('Ready to accept connections');
  await converse(endpoint, encode(['SET', 'k', 'v']));
  const other = serve('--port', String(await freePort()), '--dir', dir);
  expect(await other.until('is held by process')).toContain(`is held by process ${first.child.pid} `);
  expect(await other.exit).toBe(1);
  first.child.kill('SIGTERM');
  expect(await first.exit).toBe(0);
  expect(existsSync(join(dir, 'dump.rdb'))).toBe(true);

  const second = serve(...options);
  const said = await second.until('Ready to accept connections');
  expect(said).toContain('Done loading RDB, keys loaded: 1');
  expect((await converse(endpoint, encode(['GET', 'k']))).toString()).toBe('$1\r\nv\r\n');
  // What is not whole is not begun with, and not written over.
  second.child.kill('SIGKILL');
  await second.exit;
  writeFileSync(join(dir, 'dump.rdb'), 'REDIS0010 but no more');
  const third = serve(...options);
  expect(await third.until('at byte')).toMatch(/dump\.rdb, at byte \d+: /);
  expect(await third.exit).toBe(1);
  expect(readFileSync(join(dir, 'dump.rdb'), 'utf8')).toBe('REDIS0010 but no more');
});

it('ends with SHUTDOWN', async () => {
  const port = await freePort();
  const serving = serve('--port', String(port), '--requirepass', 'secret');
  await serving.until('Ready to accept connections');
  const endpoint = { host: '127.0.0.1', port };
  expect((await converse(endpoint, encode(['SHUTDOWN']))).toString()).toContain('-NOAUTH');
  await converse(endpoint, Buffer.concat([encode(['AUTH', 'secret']), encode(['SHUTDOWN', 'NOSAVE'])]));
  expect(await serving.exit).toBe(0);
});

it.each([
  [['--port', '70000'], `at line 2\n>>> 'port "70000"'\nargument must be between 0 and 65535 inclusive`],
  [['--cluster'], 'wrong number of arguments'],
  [['--dir', '/nowhere'], '/nowhere'],
  [['--port', '0'], 'Configured to not listen anywhere, exiting.'],
  [['/nowhere/redis.conf'], "Fatal error, can't open config file '/nowhere/redis.conf'"],
])('refuses %j by name', async (args, message) => {
  const serving = serve(...args);
  expect(await serving.until(message)).toContain(message);
  expect(await serving.exit).toBe(1);
});
