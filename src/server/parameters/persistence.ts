/** Decides which parameters there are about what is kept on disk. What is kept, and when, is in persistence/. */
import { resolve } from 'node:path';
import type { ServerContext } from '../command.js';
import { parseSavePoints, savePointsText } from '../persistence/settings.js';
import { type ConfigParameter, oneOfWords, type Setter, yesNo, yesNoOf } from './parameter.js';

const sanitizeWords = ['no', 'yes', 'clients'];

const setSavePoints: Setter = ({ settings: { persistence } }, value) => {
  const points = parseSavePoints(value);
  if (points === null) return 'Invalid save parameters';
  if (points.length > 0 && !persistence.isOn)
    return 'this server keeps nothing on disk: it was started without dir';
  persistence.savePoints = points;
  return null;
};

/** A file may have several lines, which add up; an empty one takes back those before. */
const startSavePoints: Setter = ({ settings: { persistence } }, value) => {
  const points = parseSavePoints(value);
  if (points === null) return 'Invalid save parameters';
  const before = persistence.hasDefaultSavePoints || points.length === 0 ? [] : persistence.savePoints;
  persistence.hasDefaultSavePoints = false;
  persistence.savePoints = [...before, ...points];
  if (points.length > 0) turnOn(persistence);
  return null;
};

function turnOn(persistence: ServerContext['settings']['persistence']): void {
  if (persistence.folder === '') persistence.folder = process.cwd();
  persistence.isOn = true;
}

export const persistenceParameters: readonly ConfigParameter[] = [
  {
    name: 'save',
    isList: true,
    get: ({ settings }) => savePointsText(settings.persistence.savePoints),
    set: setSavePoints,
    start: startSavePoints,
  },
  {
    name: 'dir',
    get: ({ settings }) => settings.persistence.folder,
    set: 'protected',
    start: (server, value) => {
      if (server.persistence.hasStarted)
        return 'the folder is chosen when the server starts: what is in it is locked and loaded then';
      const { persistence } = server.settings;
      persistence.folder = resolve(value);
      persistence.isOn = true;
      return null;
    },
  },
  {
    name: 'dbfilename',
    get: ({ settings }) => settings.persistence.fileName,
    set: 'protected',
    start: ({ settings }, value) => {
      if (value === '' || value.includes('/')) return "dbfilename can't be a path, just a filename";
      settings.persistence.fileName = value;
      return null;
    },
  },
  flag('rdbcompression', 'compresses'),
  flag('rdbchecksum', 'sums', 'immutable'),
  flag('stop-writes-on-bgsave-error', 'stopsWritesOnError'),
  {
    // `no` permits to leave the look at what a payload claims to the time when it is read, which nobody here does.
    name: 'sanitize-dump-payload',
    get: ({ settings }) => settings.persistence.sanitizes,
    set: oneOfWords(sanitizeWords, ({ settings }, word) => {
      settings.persistence.sanitizes = word;
    }),
  },
];

function flag(
  name: string,
  key: 'compresses' | 'sums' | 'stopsWritesOnError',
  kind: 'immutable' | 'any time' = 'any time',
): ConfigParameter {
  const setter = yesNo(({ settings }, value) => {
    settings.persistence[key] = value;
  });
  return {
    name,
    get: ({ settings }) => yesNoOf(settings.persistence[key]),
    set: kind === 'immutable' ? 'immutable' : setter,
    start: setter,
  };
}
