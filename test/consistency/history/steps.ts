/**
 * Decides the steps of a write at which a process can be stopped or killed: each is a packet that was not delivered
 * yet, held by a proxy. The product has no hook for it.
 */
import type { HeldPacket } from '../../support/tcp-proxy.js';
import type { DatabaseName } from './database.js';
import type { Network } from './network.js';

export interface Step {
  readonly name: string;
  /** Whether the database will have committed, whatever becomes of the process. */
  readonly commits: boolean;
  /** Resolves when the write has come to it. To be called before the write is begun. */
  readonly reached: (network: Network) => Promise<HeldPacket>;
}

/** As a pipeline of RESP: the names of commands and of fields stand in it as they are. */
const INTENT = /HSET\r\n[^]*\r\n(i:[0-9a-f]{24})\r\n/;
const isIntent = (bytes: Buffer): boolean => INTENT.test(bytes.toString('latin1'));
type Matches = (bytes: Buffer) => boolean;

const isStatement: Matches = (bytes) => bytes.includes('update steps');

/** The first packet of its answer and all of it: no row, no key, the state of the session, no warning. */
function isOkPacket(bytes: Buffer): boolean {
  const packet = bytes.subarray(-11);
  const isSo = (expected: readonly number[], at: number): boolean =>
    expected.every((byte, index) => packet[at + index] === byte);
  return isSo([7, 0, 0, 1, 0, 0, 0], 0) && isSo([0, 0], 9);
}

/** How each protocol says it: what commits, and that it has. */
const protocols: Readonly<
  Record<DatabaseName, { statementDone: Matches; commit: Matches; commitDone: Matches }>
> = {
  postgres: {
    statementDone: (bytes) => bytes.includes('UPDATE 1\0'),
    commit: (bytes) => bytes.includes('commit\0'),
    commitDone: (bytes) => bytes.includes('COMMIT\0'),
  },
  mariadb: {
    statementDone: (bytes) => bytes.includes('Rows matched: 1'),
    commit: (bytes) => bytes.includes('\x03commit'),
    commitDone: isOkPacket,
  },
};
const isAnything = (): boolean => true;

const toStore = (network: Network, matches: Matches): Promise<HeldPacket> =>
  network.store.hold({ direction: 'toServer', matches });

/** Of this write: the process may also end what others left behind. */
async function end(network: Network): Promise<HeldPacket> {
  const intent = await toStore(network, isIntent);
  const [, id = ''] = INTENT.exec(intent.bytes.toString('latin1')) ?? [];
  const ended = toStore(network, (bytes) => bytes.includes('HDEL') && bytes.includes(id));
  intent.release();
  return ended;
}

/** The reply to what is held now. */
async function replyTo(network: Network, asked: Promise<HeldPacket>): Promise<HeldPacket> {
  const packet = await asked;
  const reply = network.store.hold({ direction: 'toClient', matches: isAnything });
  packet.release();
  return reply;
}

/** The answer to what commits. */
async function committed(network: Network, commits: Matches, done: Matches): Promise<HeldPacket> {
  const packet = await network.database.hold({ direction: 'toServer', matches: commits });
  const answer = network.database.hold({ direction: 'toClient', matches: done });
  packet.release();
  return answer;
}

export const stepsOf = (write: 'statement' | 'transaction', database: DatabaseName): readonly Step[] => {
  const { statementDone, commit, commitDone } = protocols[database];
  const commits = write === 'statement' ? isStatement : commit;
  const done = write === 'statement' ? statementDone : commitDone;
  return [
    { name: 'before its intent is placed', commits: false, reached: (network) => toStore(network, isIntent) },
    {
      name: 'when its intent stands and it does not know',
      commits: false,
      reached: (network) => replyTo(network, toStore(network, isIntent)),
    },
    {
      name: 'before the database is told to commit',
      commits: false,
      reached: (network) => network.database.hold({ direction: 'toServer', matches: commits }),
    },
    {
      name: 'when the database has committed and it does not know',
      commits: true,
      reached: (network) => committed(network, commits, done),
    },
    {
      name: 'before its END rotates',
      commits: true,
      reached: end,
    },
    {
      name: 'when its END has rotated and it does not know',
      commits: true,
      reached: (network) => replyTo(network, end(network)),
    },
  ];
};
