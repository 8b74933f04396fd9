/** Decides how a migration of Drizzle is laid out on disk: as `drizzle-kit generate` would write it. Knows no dialect. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @param run is given the folder, which is gone afterwards */
export async function withDrizzleMigration(
  sql: string,
  run: (migrationsFolder: string) => Promise<unknown>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lookaside-drizzle-'));
  await mkdir(join(folder, 'meta'));
  const entries = [{ idx: 0, version: '7', when: 1_700_000_000_000, tag: '0000_motto', breakpoints: true }];
  await writeFile(join(folder, 'meta/_journal.json'), JSON.stringify({ entries }));
  await writeFile(join(folder, '0000_motto.sql'), sql);
  await run(folder);
  await rm(folder, { recursive: true });
}
