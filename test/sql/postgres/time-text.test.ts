/** Decides which texts Postgres could read the clock for. */
import { expect, test } from 'vitest';
import { isTimeDependentText } from '../../../src/sql/postgres/time-text.js';

test('the words that Postgres reads the clock for are found however they are spelt or wrapped', () => {
  const words = [
    'now',
    'Today',
    ' TOMORROW ',
    'yesterday',
    'today 12:00',
    '12:00 today',
    'now1',
    '{now}',
    '[today,)',
  ];
  for (const word of [...words, '{"to\\day"}', 'n"o"w', '{{2020-01-01,tomorrow}}', '("now",1)'])
    expect([word, isTimeDependentText(word)]).toEqual([word, true]);
});

test('other texts are not', () => {
  for (const word of [
    '',
    'snow',
    'nowhere',
    'know',
    'todayish',
    '2024-01-01',
    'epoch',
    'infinity',
    'allballs',
    'no w',
  ])
    expect([word, isTimeDependentText(word)]).toEqual([word, false]);
});
