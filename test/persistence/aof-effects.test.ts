/** What an append only file says that commands did is what redis-server's says. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { converseInTurns, type Turn } from '../compat/blocking.js';
import { describeWithRedis } from '../support/servers.js';
import { commandsIn, contentOf, copyOf, FOLDER, ours, ownFolder, theirs } from './aof-servers.js';
import { type CommandArgs, converseInCommands } from './aof-wire.js';

const words = (...lines: string[]): CommandArgs[] => lines.map((line) => line.split(' '));

/** Sorted by what they are about. Each is run as a whole on an empty server. */
const scripts: Readonly<Record<string, readonly CommandArgs[]>> = {
  'absolute times': words(
    'SET a 1 EX 1000',
    'SET a 1 PX 1000000 NX',
    'SET b 1 PXAT 33177117420000',
    'SET b 2 EXAT 1',
    'SETEX c 1000 x',
    'PSETEX d 1000000 x',
    'EXPIRE c 2000',
    'PEXPIRE c 3000000',
    'EXPIREAT c 33177117420',
    'PEXPIREAT c 33177117420000',
    'EXPIRE c 10 GT',
    'EXPIRE c -1',
    'PERSIST d',
    'SET d y KEEPTTL GET',
    'GETEX d EX 1000',
    'GETEX d PERSIST',
    'GETEX d',
    'GETEX d EXAT 1',
    'SET e x',
    'GETDEL e',
    'GETSET e x',
    'GETSET e y',
  ),
  'keys past their time': [
    ...words('SET a 1 PXAT 1', 'GET a', 'SET b 1 PXAT 1', 'SET b 2', 'SADD c 1', 'PEXPIREAT c 1'),
    ...words(
      'SET d 1 PXAT 1',
      'MULTI',
      'GET d',
      'SET e 1',
      'EXEC',
      'SET f 1 PXAT 1',
      'MULTI',
      'GET f',
      'EXEC',
    ),
  ],
  floats: words(
    'SET a 10.5',
    'INCRBYFLOAT a 0.1',
    'HINCRBYFLOAT h f 1.5',
    'ZINCRBY z 1.5 m',
    'INCRBYFLOAT b 3e3',
  ),
  'what changes nothing': words(
    'DEL a',
    'SADD s 1',
    'SADD s 1',
    'SREM s 2',
    'LREM l 0 x',
    'ZADD z 1 a',
    'ZADD z 1 a',
    'HSET h f v',
    'HDEL h g',
    'GET a',
    'PERSIST s',
    'SMOVE s t 9',
    'SETNX s 1',
    'LPUSHX l 1',
    'XTRIM x MAXLEN 0',
    'APPEND a x',
    'FLUSHDB',
    'RENAMENX nope a',
  ),
  transactions: words(
    'MULTI',
    'SET a 1',
    'EXEC',
    'MULTI',
    'SET a 1',
    'GET a',
    'INCR a',
    'EXEC',
    'MULTI',
    'EXEC',
    'MULTI',
    'SET a 1',
    'DISCARD',
    'SELECT 3',
    'MULTI',
    'SET c 1',
    'SELECT 4',
    'SET c 2',
    'EXEC',
    'SET d 1',
    'SWAPDB 3 4',
    'MOVE d 5',
    'COPY c e DB 6',
    'FLUSHALL',
  ),
  'several lists and sorted sets': words(
    'RPUSH l 1 2 3 4 5 6',
    'LMPOP 2 k l LEFT COUNT 2',
    'LMPOP 1 l RIGHT',
    'BLPOP k l 0',
    'BRPOP l 0',
    'RPUSH l 1 2 3',
    'BLMOVE l m LEFT RIGHT 0',
    'BRPOPLPUSH l m 0',
    'BLMPOP 0 2 k l RIGHT COUNT 5',
    'ZADD z 1 a 2 b 3 c 4 d 5 e 6 f',
    'ZMPOP 2 y z MIN COUNT 2',
    'BZPOPMIN y z 0',
    'BZPOPMAX z 0',
    'BZMPOP 0 1 z MAX',
    'ZPOPMIN z',
  ),
  'sets with one member': words(
    'SADD s 1',
    'SPOP s',
    'SADD s 1',
    'SPOP s 5',
    'SPOP s',
    'SADD s 1 2',
    'SPOP s 0',
  ),
  streams: words(
    'XADD x 1-1 f v',
    'XADD x 1-* f v',
    'XADD x MAXLEN 2 2-0 f v',
    'XADD x NOMKSTREAM MAXLEN = 1 3-0 f v',
    'XADD nope NOMKSTREAM 3-0 f v',
    'XGROUP CREATE x g 0',
    'XGROUP CREATE x n $ ENTRIESREAD 1',
    'XADD x 4-0 f v',
    'XREADGROUP GROUP g one COUNT 1 STREAMS x >',
    'XREADGROUP GROUP g one STREAMS x 0',
    'XREADGROUP GROUP n two NOACK STREAMS x >',
    'XREADGROUP GROUP g three STREAMS x >',
    'XCLAIM x g two 0 3-0 IDLE 1000',
    'XCLAIM x g two 0 3-0 4-0 JUSTID',
    'XACK x g 4-0',
    'XGROUP DELCONSUMER x g one',
    'XGROUP SETID x g 0',
    'XSETID x 9-0 ENTRIESADDED 5 MAXDELETEDID 4-0',
    'XGROUP DESTROY x n',
  ),
  'bits, counts and sorted lists': words(
    'SETBIT b 7 1',
    'BITOP NOT c b',
    'BITFIELD b INCRBY u8 0 5',
    'BITFIELD b GET u8 0',
    'PFADD p a b c',
    'PFCOUNT p',
    'PFCOUNT p',
    'PFMERGE q p',
    'RPUSH l 3 1 2',
    'SORT l STORE m',
    'SORT nope STORE m',
    'SETRANGE b 3 x',
    'SINTERSTORE s t',
    'ZUNIONSTORE z 1 y',
    'ZRANGESTORE w z 0 -1',
  ),
};

/** The clocks of two servers differ. */
const isTime = (word: string): boolean => /^\d{13}$/.test(word) && !word.startsWith('33177');

/** The commands of the file, in order. */
async function saidIn(folder: string): Promise<string[][]> {
  const names = await readdir(join(folder, FOLDER));
  const incr = names.find((name) => name.endsWith('.incr.aof')) ?? '';
  const all = await commandsIn(join(folder, FOLDER, incr));
  return all.map((command) =>
    command.map((word, index) => (index === 0 ? word.toUpperCase() : isTime(word) ? 'time' : word)),
  );
}

/**
 * What only one of them says. Redis puts a key past its time and the command that found it between brackets; ours tells
 * the one before the other. Ours also writes down how far a group is, and readers that have got nothing yet.
 */
const isLoose: Readonly<Record<string, (command: readonly string[]) => boolean>> = {
  'keys past their time': ([name]) => name === 'MULTI' || name === 'EXEC',
  streams: ([name = '', sub = '']) =>
    ['MULTI', 'EXEC'].includes(name) || (name === 'XGROUP' && ['CREATECONSUMER', 'SETID'].includes(sub)),
};

describeWithRedis('an append only file', () => {
  it.each(Object.entries(scripts))('says of %s what redis-server says', async (name, script) => {
    const [mine, real] = [await ownFolder(), await ownFolder()];
    const { endpoint } = await ours(mine);
    const server = await theirs(real, ['--appendfsync', 'always']);
    await converseInCommands(endpoint, script);
    await converseInCommands(server, script);
    const [said, wanted] = [await saidIn(mine), await saidIn(real)];
    const shown = (commands: string[][]): string[] =>
      commands.filter((command) => isLoose[name]?.(command) !== true).map((command) => command.join(' '));
    expect(shown(said)).toEqual(shown(wanted));
    const again = await ours(await copyOf(mine));
    expect(await contentOf(again.endpoint)).toEqual(await contentOf(endpoint));
  });

  it('says what clients got that had waited', async () => {
    const turns: Turn[] = [
      ...[
        'BLPOP a b 0',
        'BLMOVE a m LEFT RIGHT 0',
        'BLMPOP 0 2 a b RIGHT COUNT 2',
        'BZPOPMAX z 0',
        'BZMPOP 0 1 z MIN COUNT 2',
      ].map((line, client) => ({ client, commands: words(line) })),
      { client: 5, commands: words('RPUSH a 1', 'RPUSH a 2', 'RPUSH b 3 4 5', 'ZADD z 1 a 2 b 3 c 4 d') },
      { client: 5, commands: words('XGROUP CREATE x g 0 MKSTREAM') },
      { client: 0, commands: words('XREADGROUP GROUP g one BLOCK 0 STREAMS x >') },
      { client: 5, commands: words('MULTI', 'XADD x 1-1 f v', 'SET t 1', 'EXEC') },
    ];
    const [mine, real] = [await ownFolder(), await ownFolder()];
    const { endpoint } = await ours(mine);
    const server = await theirs(real, ['--appendfsync', 'always']);
    await converseInTurns(endpoint, 6, turns, []);
    await converseInTurns(server, 6, turns, []);
    const shown = (commands: string[][]): string[] =>
      commands
        .filter((command) => isLoose['streams']?.(command) !== true && command[0] !== 'FLUSHALL')
        .map((command) => command.join(' ').toUpperCase());
    expect(shown(await saidIn(mine))).toEqual(shown(await saidIn(real)));
    const again = await ours(await copyOf(mine));
    expect(await contentOf(again.endpoint)).toEqual(await contentOf(endpoint));
  });

  it('says what was chosen by chance or by the clock', async () => {
    const folder = await ownFolder();
    const { endpoint } = await ours(folder);
    const members = Array.from({ length: 200 }, (_, index) => String(index));
    const { length } = members;
    await converseInCommands(endpoint, [
      ['SADD', 's', ...members],
      ...Array.from({ length: 20 }, () => ['SPOP', 's']),
      ['SPOP', 's', '100'],
      ...members.map((member) => ['XADD', 'x', 'MAXLEN', '~', '50', '*', 'f', member]),
      ['CONFIG', 'SET', 'stream-node-max-entries', '10'],
      ...members.map((member) => ['XADD', 'y', 'MAXLEN', '~', '25', 'LIMIT', '10', '*', 'f', member]),
      ['XTRIM', 'y', 'MINID', '~', '99999999999999', 'LIMIT', '10'],
      ['XGROUP', 'CREATE', 'y', 'g', '0'],
      ['XREADGROUP', 'GROUP', 'g', 'one', 'STREAMS', 'y', '>'],
      ['XTRIM', 'y', 'MAXLEN', '3'],
      ['XAUTOCLAIM', 'y', 'g', 'two', '0', '0', 'COUNT', String(length)],
    ]);
    const content = await contentOf(endpoint);
    const again = await ours(await copyOf(folder));
    expect(await contentOf(again.endpoint)).toEqual(content);
    expect(await contentOf(await theirs(await copyOf(folder)))).toEqual(content);
  });
});
