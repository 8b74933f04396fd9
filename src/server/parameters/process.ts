/** Decides which parameters there are about the process that a server runs in. Only a program of its own heeds them. */

import type { LogLevel } from '../command.js';
import { type ConfigParameter, oneOfWords, type Setter, text, yesNo, yesNoOf } from './parameter.js';

export const processParameters: readonly ConfigParameter[] = [
  {
    name: 'loglevel',
    get: ({ settings }) => settings.process.logLevel,
    set: logLevel(),
  },
  {
    name: 'logfile',
    get: ({ settings }) => settings.process.logFile,
    set: 'immutable',
    start: text(({ settings }, value) => {
      settings.process.logFile = value;
    }),
  },
  {
    name: 'pidfile',
    get: ({ settings }) => settings.process.pidFile,
    set: 'immutable',
    start: text(({ settings }, value) => {
      settings.process.pidFile = value;
    }),
  },
  {
    name: 'daemonize',
    get: ({ settings }) => yesNoOf(settings.process.isDaemon),
    set: 'immutable',
    start: yesNo(({ settings }, value) => {
      settings.process.isDaemon = value;
    }),
  },
];

function logLevel(): Setter {
  return oneOfWords(['debug', 'verbose', 'notice', 'warning'], ({ settings }, word) => {
    settings.process.logLevel = word as LogLevel;
  });
}
