/**
 * Decides the steps of a write at which a process can be stopped or killed: each is a packet that was not delivered
 * yet, held by a proxy. The product has no hook for it.
 */
import type { HeldPacket } from '../../support/tcp-proxy.js';
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
const isStatement = (bytes: Buffer): boolean => bytes.includes('update steps');
const isStatementDone = (bytes: Buffer): boolean => bytes.includes('UPDATE 1\0');
const isCommitMessage = (bytes: Buffer): boolean => bytes.includes('commit\0');
const isCommitDone = (bytes: Buffer): boolean => bytes.includes('COMMIT\0');
const isAnything = (): boolean => true;

const toStore = (network: Network, matches: (bytes: Buffer) => boolean): Promise<HeldPacket> =>
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

export const stepsOf = (write: 'statement' | 'transaction'): readonly Step[] => {
  const ends = write === 'statement' ? isStatement : isCommitMessage;
  const committed = write === 'statement' ? isStatementDone : isCommitDone;
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
      reached: (network) => network.database.hold({ direction: 'toServer', matches: ends }),
    },
    {
      name: 'when the database has committed and it does not know',
      commits: true,
      reached: (network) => network.database.hold({ direction: 'toClient', matches: committed }),
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
