/** What a node of a cluster says is understood in each form that versions of Redis give it. */
import { describe, expect, it } from 'vitest';
import { ClusterView, parseClusterNodes } from '../../src/topology/cluster-view.js';
import { SLOT_COUNT } from '../../src/topology/slots.js';

const a = 'a'.repeat(40);
const b = 'b'.repeat(40);

const nodes = (...lines: string[]) => parseClusterNodes(`${lines.join('\n')}\n`);

describe('a line of CLUSTER NODES', () => {
  it.each([
    ['127.0.0.1:7000@17000', '127.0.0.1', 7_000],
    ['127.0.0.1:7000', '127.0.0.1', 7_000],
    ['::1:7000@17000', '::1', 7_000],
    ['10.0.0.1:7000@17000,redis.example', 'redis.example', 7_000],
    ['10.0.0.1:7000@17000,', '10.0.0.1', 7_000],
    ['10.0.0.1:7000@17000,,tls-port=0,shard-id=1', '10.0.0.1', 7_000],
  ])('has its address in %s', (address, host, port) => {
    const [node] = nodes(`${a} ${address} myself,master - 0 1 7 connected 0-5 9`);
    expect(node).toMatchObject({ host, port, isMyself: true, isPrimary: true, configEpoch: 7 });
    expect(node?.ranges).toEqual([
      [0, 5],
      [9, 9],
    ]);
  });

  it('has who follows, who is only being met, and where slots are on their way', () => {
    const [first, second, third] = nodes(
      `${a} h:1@2 myself,master - 0 0 1 connected 0-9 [3->-${b}] [12-<-${b}]`,
      `${b} h:2@3 slave,fail ${a} 1 1 1 disconnected`,
      `${'c'.repeat(40)} :0@0 master,noaddr - 1 1 0 disconnected`,
    );
    expect([...(first?.migrating ?? [])]).toEqual([[3, b]]);
    expect(second).toMatchObject({ isPrimary: false, isMember: true });
    expect(third).toMatchObject({ isMember: false });
    expect(nodes(`${b} h:2@3 handshake - 1 1 0 connected`)[0]?.isMember).toBe(false);
  });

  it.each(['', 'ERR unknown', `${a} nowhere master - 0 0 1 connected`])('%j is refused', (line) => {
    expect(() => parseClusterNodes(line === '' ? ' ' : line)).toThrow(/CLUSTER NODES is not understood/);
  });
});

describe('the view of a node', () => {
  const owned = (owner: string, epoch: number, other = b) =>
    nodes(
      `${owner} h:1@2 myself,master - 0 0 ${epoch} connected 0-9`,
      `${other} h:2@3 master - 0 0 2 connected 10-${SLOT_COUNT - 1}`,
    );

  it('counts from when a slot was first claimed, anew with another owner and with another epoch', () => {
    const view = new ClusterView();
    expect(view.update(owned(a, 1), { askedAtMs: 1, answeredAtMs: 5 })).toBe(true);
    expect(view.claimedSinceMs(3, `${a}@1`)).toBe(5);
    expect(view.update(owned(a, 1), { askedAtMs: 11, answeredAtMs: 15 })).toBe(false);
    expect(view.claimedSinceMs(3, `${a}@1`)).toBe(5);
    expect(view.askedAtMs).toBe(11);
    expect(view.update(owned(a, 3), { askedAtMs: 21, answeredAtMs: 25 })).toBe(true);
    expect(view.claimedSinceMs(3, `${a}@1`)).toBe(Infinity);
    expect(view.claimedSinceMs(3, `${a}@3`)).toBe(25);
    expect(view.claimedSinceMs(SLOT_COUNT - 1, `${b}@2`)).toBe(5);
    const c = 'c'.repeat(40);
    view.update(owned(c, 4), { askedAtMs: 31, answeredAtMs: 35 });
    view.update(owned(a, 3), { askedAtMs: 41, answeredAtMs: 45 });
    expect(view.claimedSinceMs(0, `${a}@3`)).toBe(45);
  });
});
