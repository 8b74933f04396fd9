/** Decides which parameters there are about the append only file. */
import { fsyncPolicies } from '../persistence/aof/append-log.js';
import type { AofSettings } from '../persistence/aof/settings.js';
import { type ConfigParameter, integer, memorySize, oneOfWords, yesNo, yesNoOf } from './parameter.js';

/** What is yes or no. */
function flag(name: string, key: BooleanSetting): ConfigParameter {
  return {
    name,
    get: ({ settings }) => yesNoOf(settings.aof[key]),
    set: yesNo(({ settings }, value) => {
      settings.aof[key] = value;
    }),
  };
}

type BooleanSetting = Exclude<
  { [Key in keyof AofSettings]: AofSettings[Key] extends boolean ? Key : never }[keyof AofSettings],
  'isOn'
>;

/** A name in a folder, before the server runs. */
function fileName(name: string, key: 'fileName' | 'folderName'): ConfigParameter {
  return {
    name,
    get: ({ settings }) => settings.aof[key],
    set: 'immutable',
    start: ({ settings }, value) => {
      if (value === '' || value.includes('/')) return `${name} can't be a path, just a filename`;
      settings.aof[key] = value;
      return null;
    },
  };
}

export const appendOnlyParameters: readonly ConfigParameter[] = [
  {
    name: 'appendonly',
    get: ({ settings }) => yesNoOf(settings.aof.isOn),
    set: (server, value) => {
      const word = value.toLowerCase();
      if (word !== 'yes' && word !== 'no') return "argument must be 'yes' or 'no'";
      const { log } = server.persistence;
      if (log === null)
        return word === 'no' ? null : 'this server keeps nothing on disk: it was started without dir';
      log.turn(word === 'yes');
      return null;
    },
    start: yesNo(({ settings: { aof, persistence } }, value) => {
      aof.isOn = value;
      if (!value) return;
      if (persistence.folder === '') persistence.folder = process.cwd();
      persistence.isOn = true;
    }),
  },
  fileName('appendfilename', 'fileName'),
  fileName('appenddirname', 'folderName'),
  {
    name: 'appendfsync',
    get: ({ settings }) => settings.aof.fsync,
    set: oneOfWords(fsyncPolicies, ({ settings }, word) => {
      settings.aof.fsync = fsyncPolicies.find((policy) => policy === word) ?? settings.aof.fsync;
    }),
  },
  flag('no-appendfsync-on-rewrite', 'noFsyncOnRewrite'),
  {
    name: 'auto-aof-rewrite-percentage',
    get: ({ settings }) => String(settings.aof.rewritePercentage),
    set: integer(0, 2_147_483_647, ({ settings }, value) => {
      settings.aof.rewritePercentage = value;
    }),
  },
  {
    name: 'auto-aof-rewrite-min-size',
    get: ({ settings }) => String(settings.aof.rewriteBytesMin),
    set: memorySize(0, ({ settings }, bytes) => {
      settings.aof.rewriteBytesMin = bytes;
    }),
  },
  flag('aof-load-truncated', 'loadsTruncated'),
  flag('aof-use-rdb-preamble', 'usesRdbPreamble'),
  flag('aof-timestamp-enabled', 'hasTimestamps'),
];
