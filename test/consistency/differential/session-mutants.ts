/**
 * Decides which mutants about transactions, sessions, declared code and shared stores the differential must report, each in
 * front of the kind of cache that can show it.
 */
import { ofTransactions } from '../history/mutants.js';
import { mutants as ofTheEngine } from '../interleavings/mutants.js';
import type { DifferentialMutant } from './mutant.js';

const inTransactions = 'with reads in transactions';
const shared = 'two caches on one redis-server';

/** In a store that others share the protocol is one of commands; the interleavings patch the same texts. */
const ofAStore = [
  'END removes the intent and rotates nothing',
  'a write that is not pinned for a shape leaves the shape alone',
  'a moved key drops the old value only',
] as const;

function ofTheStore(): readonly DifferentialMutant[] {
  return ofAStore.map((name) => {
    const found = ofTheEngine.find((mutant) => mutant.name === name);
    if (found === undefined) throw new Error(`there is no mutant "${name}"`);
    return { name: `in a shared store: ${name}`, file: found.file, changes: found.changes, setting: shared };
  });
}

export const sessionMutants: readonly DifferentialMutant[] = [
  { ...ofTransactions, setting: inTransactions },
  {
    name: 'what a transaction wrote is rotated when it is written and not when it commits',
    file: '../adapters/transaction.ts',
    changes: [
      {
        from: `    if (idle && this.status === 'T') {`,
        to: `    if (idle && this.status === 'T' && commits === 'no') return this.place(targets, changesCatalog);
    if (idle && this.status === 'T') {`,
      },
      {
        from: `if (this.status !== 'I' && !write.commits) this.collect(touched, write.changesCatalog);`,
        to: ``,
      },
    ],
  },
  {
    name: 'an error is taken for the end of its transaction, though a savepoint saves what came before',
    file: '../adapters/transaction.ts',
    changes: [{ from: `if (status === 'I') this.forget();`, to: `if (status !== 'T') this.forget();` }],
  },
  {
    name: 'what a prepared transaction wrote is over when it is prepared',
    file: '../adapters/prepared.ts',
    changes: [
      { from: `return this.byGid.get(gid)?.targets;`, to: `return this.byGid.has(gid) ? [] : undefined;` },
      {
        file: '../adapters/transaction.ts',
        from: `if (write.prepares) write.placed.orphan();
    else return`,
        to: `return`,
      },
    ],
  },
  {
    name: 'EXECUTE is taken for a statement that writes nothing',
    file: '../sql/postgres/statements.ts',
    changes: [
      {
        from: `    case 'ExecuteStmt':`,
        to: `    case 'ExecuteStmt':
      return findings.deny('prepare', 'it runs a statement of that name');
    case 'ExecuteStatement':`,
      },
    ],
  },
  {
    name: 'a declared setting is no part of what a result is kept under',
    scene: 'tenants',
    file: '../adapters/pg/session.ts',
    changes: [
      {
        from: `if (settings.length === 0) return this.prefix;`,
        to: `if (settings.length >= 0) return this.prefix;`,
      },
    ],
  },
  {
    name: 'a setting that the server reports is no part of what a result is kept under',
    scene: 'settings',
    file: '../adapters/pg/session.ts',
    changes: [
      {
        from: `if (value !== undefined && value !== this.reportedThen.get(name)) departed.set(name, value);`,
        to: `void value;`,
      },
    ],
  },
  {
    name: 'what a policy looks into is passed over',
    scene: 'tenants',
    file: '../sql/postgres/relations.ts',
    changes: [
      {
        from: `for (const below of judgePolicies(catalog, findings, relation)) visit(below, true);`,
        to: `judgePolicies(catalog, findings, relation);`,
      },
    ],
  },
  {
    name: 'what a function was said to write is passed over',
    scene: 'functions',
    file: '../sql/postgres/declared-code.ts',
    changes: [
      { from: `for (const relation of said.written)`, to: `for (const relation of said.written.slice(1))` },
    ],
  },
  {
    name: 'what a function was said to read is passed over',
    scene: 'functions',
    file: '../sql/postgres/declared-code.ts',
    changes: [{ from: `const reads = said.read.flatMap(`, to: `const reads = said.read.slice(1).flatMap(` }],
  },
  ...ofTheStore(),
];
