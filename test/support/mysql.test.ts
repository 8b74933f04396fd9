/** Decides whether test files get schemas of their own on each server of the MySQL family, and servers to break. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, inject, it } from 'vitest';
import { isRunning } from './is-running.js';
import { createMysqlDatabase, describeWithMysql, type MysqlFlavour, ownMysql } from './mysql.js';
import { askForMysql } from './mysql-on-demand.js';
import { mysqlSources } from './sources.js';

const versions: Readonly<Record<MysqlFlavour, RegExp>> = {
  mariadb: inject('mysql').sources.mariadb.from === 'url' ? /^\d/ : /^10\.11\..*MariaDB/,
  mysql57: /^5\.7\./,
  mysql84: /^8\.4\./,
};

async function valueOf(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection({ uri: url });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await connection.end();
  }
}

const flavours: readonly MysqlFlavour[] = ['mariadb', 'mysql57', 'mysql84'];

for (const flavour of flavours)
  describeWithMysql(
    `a schema for a test on ${flavour}`,
    () => {
      it('is another one on each call, on the one server of the run', async () => {
        const [one, two] = await Promise.all([createMysqlDatabase(flavour), createMysqlDatabase(flavour)]);
        expect(one.version).toMatch(versions[flavour]);
        expect(await valueOf(one.url, 'select database()')).toBe(one.config.database);
        expect(await valueOf(two.url, 'select database()')).toBe(two.config.database);
        expect(one.config.database).not.toBe(two.config.database);
        expect(one.config.port).toBe(two.config.port);
        await Promise.all([one.drop(), two.drop()]);
      });

      it('is gone after drop even while somebody holds a transaction open in it', async () => {
        const schema = await createMysqlDatabase(flavour);
        const lingering = await createConnection(schema.config);
        const disconnected = new Promise((resolve) => lingering.on('error', resolve));
        await lingering.query('create table held (id int primary key)');
        await lingering.query('begin');
        await lingering.query('select * from held');
        await schema.drop();
        await disconnected;
        lingering.destroy();
        await expect(valueOf(schema.url, 'select 1')).rejects.toThrow(/Unknown database/);
      });
    },
    flavour,
  );

const launched: readonly MysqlFlavour[] = ['mariadb', 'mysql57'];

for (const flavour of launched)
  describe
    .runIf(inject('mysql').sources[flavour].from === 'launcher')
    .concurrent(`a server of its own: ${flavour}`, { timeout: 90_000 }, () => {
      it('keeps what was committed when it is killed, and says why it refuses to start', async ({
        expect,
      }) => {
        const server = await ownMysql(flavour, { settings: { max_connections: '17' } });
        const { pid } = server;
        expect(await valueOf(server.url, 'select @@max_connections')).toBe(17);
        expect(await valueOf(server.url, 'select @@binlog_format')).toBe('ROW');
        expect(await valueOf(server.url, 'select @@performance_schema')).toBe(1);
        const writer = await createConnection({ uri: server.url });
        await writer.query('create database kept');
        await writer.query('create table kept.t (id int primary key)');
        await writer.query('insert into kept.t values (1)');
        writer.on('error', () => undefined); // its server is about to be killed
        await server.restart('crash', { max_connections: '18' });
        writer.destroy();
        expect(server.pid).not.toBe(pid);
        expect(await valueOf(server.url, 'select @@max_connections')).toBe(18);
        expect(await valueOf(server.url, 'select id from kept.t')).toBe(1);
        await server.restart('clean');
        expect(await valueOf(server.url, 'select id from kept.t')).toBe(1);
        const refused = server.restart('clean', { no_such_setting: '1' });
        await expect(refused).rejects.toThrow(/unknown variable 'no_such_setting=1'/);
        await Promise.all([server.stop(), server.stop()]);
        expect(existsSync(server.filesDirectory)).toBe(false);
      });

      it('leaves neither a server nor files behind when its process is killed', async ({ expect }) => {
        const tsx = join('node_modules', '.bin', 'tsx');
        const owner = spawn(tsx, ['test/support/launch-and-wait.ts', flavour], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
        const { ownerPid, pid, filesDirectory } = JSON.parse(line) as {
          ownerPid: number;
          pid: number;
          filesDirectory: string;
        };
        expect(existsSync(filesDirectory)).toBe(true);
        process.kill(ownerPid, 'SIGKILL');
        await expect.poll(() => isRunning(pid)).toBe(false);
        await expect.poll(() => existsSync(dirname(filesDirectory))).toBe(false);
      });
    });

it('asking for a server that is not one of them is refused with its name', async () => {
  const asked = askForMysql(inject('mysql').port, 'oracle' as MysqlFlavour);
  await expect(asked).rejects.toThrow('There is no server oracle.');
});

it('a URL in the environment goes before a program, and a program before Docker', () => {
  const url = 'mysql://root@there';
  const there = { PATH: process.env['PATH'] };
  const nothing = { PATH: '' };
  expect(mysqlSources({ environment: { ...there, TEST_MYSQL_URL: url }, docker: true }).mariadb).toEqual({
    from: 'url',
    url,
  });
  expect(mysqlSources({ environment: nothing, docker: true }).mariadb.from).toBe('docker');
  expect(mysqlSources({ environment: nothing, docker: false }).mariadb).toEqual({
    from: 'nowhere',
    reason: 'TEST_MYSQL_URL is not set, mariadbd is not on the PATH, Docker does not run',
    required: true,
  });
  expect(mysqlSources({ environment: nothing, docker: false }).mysql84).toMatchObject({ required: false });
});
