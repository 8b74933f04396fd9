/** Decides which parameters there are about what a server remembers of its commands. */
import { type ConfigParameter, integer, yesNo, yesNoOf } from './parameter.js';

export const observingParameters: readonly ConfigParameter[] = [
  {
    name: 'slowlog-log-slower-than',
    get: ({ journal }) => String(journal.slowLog.thresholdMicros),
    set: integer(-1, Number.MAX_SAFE_INTEGER, ({ journal }, value) => {
      journal.slowLog.thresholdMicros = value;
    }),
  },
  {
    name: 'slowlog-max-len',
    get: ({ journal }) => String(journal.slowLog.lengthMax),
    set: integer(0, Number.MAX_SAFE_INTEGER, ({ journal }, value) => {
      journal.slowLog.lengthMax = value;
      journal.slowLog.trim();
    }),
  },
  {
    name: 'latency-monitor-threshold',
    get: ({ journal }) => String(journal.latency.thresholdMs),
    set: integer(0, Number.MAX_SAFE_INTEGER, ({ journal }, value) => {
      journal.latency.thresholdMs = value;
    }),
  },
  {
    name: 'latency-tracking',
    get: ({ journal }) => yesNoOf(journal.countsDurations),
    set: yesNo(({ journal }, value) => {
      journal.countsDurations = value;
    }),
  },
  {
    name: 'latency-tracking-info-percentiles',
    isList: true,
    get: ({ journal }) => journal.percentiles.join(' '),
    set: ({ journal }, value) => {
      const percentiles = value.split(/\s+/).flatMap((word) => (word === '' ? [] : [Number(word)]));
      if (percentiles.some(Number.isNaN)) return 'Invalid latency-tracking-info-percentiles parameters';
      if (percentiles.some((percent) => percent < 0 || percent > 100))
        return 'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]';
      journal.percentiles = percentiles;
      return null;
    },
  },
];
