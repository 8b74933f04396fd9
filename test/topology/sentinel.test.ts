/** Decides whether the state of a cache under Sentinel is only ever trusted to the one primary. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HANDOVER_MS, LEASE_MS } from '../../src/topology/lease.js';
import {
  ask,
  describeWithSentinel,
  eventually,
  followed,
  promotedInstead,
  type RunningSentinels,
  sentinelFailover,
  startSentinels,
} from '../support/sentinel.js';
import { opened, openSentinelStore } from './stores.js';

describeWithSentinel('a store under Sentinel', () => {
  let running: RunningSentinels;
  beforeAll(async () => {
    running = await startSentinels();
  });
  afterAll(async () => running.stop());

  it('finds the primary, vouches with its replication id, and trusts it', async () => {
    const store = openSentinelStore(running);
    try {
      expect(store.trouble()).not.toBeNull();
      await store.ready();
      const session = opened(store);
      expect(session.isTrusted('any')).toBe(true);
      const info = await ask(running.client(await running.primary()), (client) => client.info('replication'));
      expect(info).toContain(`master_replid:${session.voucher('any')}`);
      expect(
        await session.run([
          ['SET', 'key', 'value'],
          ['GET', 'key'],
        ]),
      ).toEqual(['OK', 'value']);
      expect(store.settled?.(['any'])).toBeNull();
    } finally {
      await store.close();
    }
  });

  it('loses its trust within the lease when no majority of sentinels answers, and regains it', async () => {
    const store = openSentinelStore(running);
    try {
      await store.ready();
      const stopped = running.sentinels.slice(0, 2);
      for (const sentinel of stopped) sentinel.pause();
      const pausedAtMs = performance.now();
      let trustedAtMs = pausedAtMs;
      const isOver = async (): Promise<boolean> => {
        const nowMs = performance.now();
        if (opened(store).isTrusted('any')) trustedAtMs = nowMs;
        return trustedAtMs !== nowMs;
      };
      await eventually('no trust', isOver, { pauseMs: 5 });
      expect(trustedAtMs - pausedAtMs).toBeLessThan(LEASE_MS + 500);
      expect(await opened(store).run([['GET', 'key']])).toEqual(['value']);
      expect(store.trouble()?.message).toMatch(/majority of the sentinels does not confirm/);
      for (const sentinel of stopped) sentinel.resume();
      await eventually('trust', async () => opened(store).isTrusted('any'));
    } finally {
      for (const sentinel of running.sentinels) sentinel.resume();
      await store.close();
    }
  });

  it('turns to the new primary, and trusts it only when nobody can trust the old one any more', async () => {
    await followed(running.client, await running.primary(), 2);
    const [pinned, other] = [openSentinelStore(running), openSentinelStore(running)];
    try {
      await Promise.all([pinned.ready(), other.ready()]);
      const old = opened(pinned);
      let lastTrustedAtMs = 0;
      const voucher = old.voucher('any');
      const failing = sentinelFailover(running);
      const watch = async (): Promise<boolean> => {
        const nowMs = performance.now();
        if (old.isTrusted('any')) lastTrustedAtMs = nowMs;
        const now = other.session();
        return now !== null && now.voucher('any') !== voucher && now.isTrusted('any');
      };
      await eventually('trust in the new primary', watch, { pauseMs: 1 });
      const trustedAtMs = performance.now();
      expect(old.isTrusted('any')).toBe(false);
      expect(trustedAtMs - lastTrustedAtMs).toBeGreaterThan(HANDOVER_MS - LEASE_MS - 100);
      await failing;
      process.stdout.write(`no primary was trusted for ${Math.round(trustedAtMs - lastTrustedAtMs)} ms\n`);
    } finally {
      await Promise.all([pinned.close(), other.close()]);
    }
  });

  it('rejects what was sent to a primary that died, and goes on with its successor', async () => {
    const store = openSentinelStore(running);
    try {
      await store.ready();
      const primary = await running.primary();
      const session = opened(store);
      const voucher = session.voucher('any');
      primary.pause();
      await expect(session.run([['GET', 'key']])).rejects.toThrow(/no reply within 500 ms/);
      await primary.kill();
      await expect(session.run([['GET', 'key']])).rejects.toMatchObject({ code: 'LOOKASIDE_STORE_AWAY' });
      const killedAtMs = performance.now();
      await promotedInstead(running, primary);
      await eventually('trust', async () => store.trouble() === null);
      process.stdout.write(`trusted again after ${Math.round(performance.now() - killedAtMs)} ms\n`);
      expect(opened(store).voucher('any')).not.toBe(voucher);
    } finally {
      await store.close();
    }
  });
});
