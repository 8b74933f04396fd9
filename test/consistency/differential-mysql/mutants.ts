/** Decides which mutants of the real planner and adapter for the MySQL family the differential must report, as texts of the sources changed. */
import type { DifferentialMutant } from '../differential/mutant.js';
import { mutate as mutateBoth } from '../history/mutants.js';
import type { Package } from './pools.js';

export async function mutate(
  mutant: DifferentialMutant,
): Promise<{ source: Package; dispose: () => Promise<void> }> {
  const { source, dispose } = await mutateBoth(mutant);
  return { source: { createCache: source.createCache, withCache: source.withMysqlCache }, dispose };
}

const sql = (name: string): string => `../sql/mysql/${name}.ts`;
const adapter = (name: string): string => `../adapters/mysql2/${name}.ts`;

export const mutants: readonly DifferentialMutant[] = [
  {
    name: 'what a reference takes along is passed over',
    scene: 'cascades',
    file: sql('closure'),
    changes: [
      {
        from: 'return relation.referencedBy.flatMap((key) =>',
        to: 'return relation.referencedBy.slice(0, 0).flatMap((key) =>',
      },
    ],
  },
  {
    name: 'a reference takes along one step only',
    scene: 'cascades',
    file: '../sql/rows/write-requests.ts',
    changes: [
      {
        from: 'queue.push(...spread(request));',
        to: 'if (requests.includes(next)) queue.push(...spread(request)); else noteAnyRow(next);',
      },
    ],
  },
  {
    name: 'what a trigger writes is passed over',
    scene: 'triggers',
    file: sql('triggers'),
    changes: [{ from: 'for (const table of effect.writes) findings.write(table, []);', to: '' }],
  },
  {
    name: 'what a trigger sets in its own row is passed over',
    scene: 'triggers',
    file: sql('triggers'),
    changes: [{ from: 'for (const column of columns) if (column !== undefined) set.add(column);', to: '' }],
  },
  {
    name: 'an upsert is taken to touch only rows with the values that it brings',
    scene: 'upserts',
    file: sql('inserts'),
    changes: [
      {
        from: 'return new Set(more.length > 0 ? [] : (only?.columns ?? []));',
        to: 'return new Set([only, ...more].flatMap((key) => key?.columns ?? []));',
      },
    ],
  },
  {
    name: 'a collation that folds is taken for one that does not',
    scene: 'folding',
    file: sql('collations'),
    changes: [
      {
        from: `return folded.has(collation) ? 'folded' : null;`,
        to: `return folded.has(collation) ? 'exact' : null;`,
      },
    ],
  },
  {
    name: 'the key of one row is taken for those of several',
    scene: 'numbered',
    file: sql('inserts'),
    changes: [
      {
        from: `if (row === undefined || more.length > 0 || relation.kind !== 'table') return null;`,
        to: `if (row === undefined || relation.kind !== 'table') return null;`,
      },
      {
        file: adapter('returned'),
        from: ' || written.affectedRows !== 1n',
        to: '',
      },
    ],
  },
  {
    name: 'only the first table of an UPDATE is written',
    scene: 'together',
    file: sql('writes'),
    changes: [
      {
        from: 'for (const { entry, relation } of targets) {',
        to: 'for (const { entry, relation } of targets.slice(0, 1)) {',
      },
    ],
  },
  {
    name: 'only the first table of a DELETE is written',
    scene: 'together',
    file: sql('writes'),
    changes: [
      {
        from: `for (const { entry, relation } of targets)\n    record(walk, relation, [{ event: 'delete'`,
        to: `for (const { entry, relation } of targets.slice(0, 1))\n    record(walk, relation, [{ event: 'delete'`,
      },
    ],
  },
  {
    name: 'a row is taken to keep the value that an UPDATE gives it another for',
    scene: 'given from elsewhere',
    file: sql('writes'),
    changes: [{ from: 'all.push(...given);', to: '' }],
  },
  {
    name: 'what stands below a view is its first table alone',
    scene: 'views',
    file: sql('views'),
    changes: [{ from: 'return [...new Set(bases)];', to: 'return bases.slice(0, 1);' }],
  },
  {
    name: 'SET is taken to leave the session as it was',
    scene: 'settings',
    file: sql('session'),
    changes: [
      {
        from: `else if (!harmless.test(name) || (scope !== null && scope !== 'session')) findings.depart();`,
        to: 'void harmless; void scope;',
      },
      {
        file: adapter('connection'),
        from: 'if (changedSession) this.session.depart();',
        to: 'void changedSession;',
      },
    ],
  },
  {
    name: 'USE is taken to leave the session as it was',
    scene: 'settings',
    file: sql('statements'),
    changes: [
      {
        from: `findings.deny('session', 'it changes the default schema');\n      return findings.depart();`,
        to: `return findings.deny('session', 'it changes the default schema');`,
      },
      {
        file: adapter('connection'),
        from: 'if (changedSession) this.session.depart();',
        to: 'void changedSession;',
      },
    ],
  },
  {
    name: 'a row in the way of an inserted one is taken to have the key that was given',
    scene: 'upserts',
    file: sql('closure'),
    changes: [
      {
        from: 'pins: pinsBesideInserts(catalog, findings, { request, requests }),',
        to: 'pins: (void pinsBesideInserts, request.pins),',
      },
    ],
  },
  {
    name: 'what EXPLAIN and SHOW run is passed over',
    scene: 'routines',
    file: sql('statements'),
    changes: [{ from: 'if (called !== undefined)', to: 'if (called === null)' }],
  },
  {
    name: 'values without names of columns are taken to be those of hidden columns, too',
    scene: 'derived',
    file: sql('inserts'),
    changes: [
      {
        from: 'relation.columns.filter(({ isInvisible }) => !isInvisible)',
        to: 'relation.columns',
      },
    ],
  },
  {
    name: 'a column that is left out is taken for NULL, whatever its default is',
    scene: 'derived',
    file: sql('inserts'),
    changes: [{ from: 'return column.hasDefault ? [] : [', to: 'return [' }],
  },
  {
    name: 'a generated column is taken for one that only its own writes change',
    scene: 'derived',
    file: sql('load-catalog'),
    changes: [{ from: 'generated: /generated|on update', to: 'generated: /nothing|on update' }],
  },
  {
    name: 'a reference is taken to leave no null behind',
    scene: 'cascades',
    file: sql('closure'),
    changes: [
      { from: `const isKept = action === 'cascade' || event === 'insert';`, to: 'const isKept = true;' },
    ],
  },
  {
    name: 'a pin is carried below a LIMIT',
    scene: 'sights',
    file: sql('outputs'),
    changes: [{ from: 'const isLost = hasLimit(limit) || ', to: 'const isLost = ' }],
  },
  {
    name: 'zero is taken for a key that is stored as it is',
    scene: 'numbered',
    file: sql('value-classes'),
    changes: [
      { from: `limited.replace(/-?\\d+\\.\\./, '1..')`, to: `limited.replace(/-?\\d+\\.\\./, '0..')` },
    ],
  },
  {
    name: 'an assigned column is taken to give what it had',
    scene: 'given from elsewhere',
    file: sql('writes'),
    changes: [{ from: '!isPlain || isAssigned || ', to: '!isPlain || ' }],
  },
  {
    name: 'a statement that commits what is open is not known to',
    scene: '',
    file: '../adapters/effect.ts',
    changes: [
      {
        from: `const commits = several || (plan.kind !== 'read' && plan.implicitCommit === true) ? 'maybe' : 'no';`,
        to: `const commits = several ? 'maybe' : 'no';`,
      },
      {
        from: `return plan.implicitCommit === true && effect.commits === 'no' ? { ...effect, commits: 'maybe' } : effect;`,
        to: 'return effect;',
      },
    ],
  },
  {
    name: 'a result of the text protocol is one of the binary protocol',
    scene: 'conversions',
    file: adapter('keys'),
    changes: [
      { from: `(protocol === 'text' ? '' : \`\${SEPARATOR}p\`)`, to: `(protocol === 'text' ? '' : '')` },
    ],
  },
  {
    name: 'a number is kept under the name of its text',
    scene: 'conversions',
    file: adapter('keys'),
    changes: [
      {
        from: `if (typeof value === 'number') return \`=\${numeral(value)}\`;`,
        to: `if (typeof value === 'number') return \`'\${numeral(value)}\`;`,
      },
    ],
  },
  {
    name: 'reads of a transaction use the cache',
    scene: '',
    file: '../adapters/connection.ts',
    changes: [
      {
        from: `if (status !== 'I' && !(status === 'T' && this.transactionReads.mayRead)) return 'transaction';`,
        to: 'void status;',
      },
    ],
  },
  {
    name: 'of the alternatives of an OR the first is taken',
    scene: 'sights',
    file: sql('conditions'),
    changes: [
      {
        from: 'either(operands.map((operand) => judge(',
        to: 'either(operands.slice(0, 1).map((operand) => judge(',
      },
    ],
  },
  {
    name: 'what a function reads is passed over',
    scene: 'routines',
    file: sql('routines'),
    changes: [
      {
        from: 'if (effect.reads.length > 0) findings.deny(',
        to: 'if (effect.reads.length < 0) findings.deny(',
      },
    ],
  },
  {
    name: 'a REPLACE is taken to delete nothing',
    scene: 'upserts',
    file: sql('inserts'),
    changes: [
      { from: `if (isReplace) changes.push({ event: 'delete', changed: null });`, to: 'void changes;' },
    ],
  },
  {
    name: 'what defines a table is taken to change no rows',
    scene: 'definitions',
    file: sql('statements'),
    changes: [
      {
        from: `findings.writeEverything({\n      code: 'ddl',`,
        to: `void ({\n      code: 'ddl',`,
      },
    ],
  },
  {
    name: 'the settings of a session are no part of what a result is kept under',
    scene: 'settings',
    file: sql('database'),
    changes: [{ from: `measured([text('role'), text('variables'), `, to: `measured([text('role'), ` }],
  },
];
