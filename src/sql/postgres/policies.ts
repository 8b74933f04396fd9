/**
 * Decides what reading a table with row security depends on besides its rows: the tables that its policies look into,
 * and the settings that they compare with. Whose policies apply is the role's matter, which is in every key.
 */
import type { Catalog, Relation, ViewTree } from './catalog.js';
import type { Findings } from './findings.js';
import { judgeView } from './views.js';

/** Of `SQLValueFunctionOp`: role, user, session_user, catalog and schema are of the session, which is in the key. */
const SESSION_VALUES = /^(9|10|11|12|13|14)$/;

/** `current_setting(text)` and `current_setting(text, boolean)`. */
const SETTING_CALL = /:funcid (?:2077|3294)\b/g;
const SETTING_CALL_BY_NAME =
  /:funcid (?:2077|3294) :funcresulttype 25 [^{}()]*:args \(\{CONST :consttype 25 [^{}]*?:constvalue (\d+) \[ ([-\d ]+)\]\}/g;

/** Of a value as it is stored: its length. */
const HEADER_BYTES = 4;

/** Judges all of a table's policies; gives the relations they read. Settings and hazards go to the findings. */
export function judgePolicies(catalog: Catalog, findings: Findings, relation: Relation): readonly Relation[] {
  const name = `the policy of ${relation.table.name}`;
  const below: Relation[] = [];
  for (const tree of relation.policies) {
    const { settings, rest } = settingsIn(tree);
    const undeclared = settings.filter((setting) => !findings.settingsInKey.has(setting));
    if (undeclared.length > 0)
      findings.deny(
        'row-security',
        `${name} follows ${undeclared.join(', ')}, which is not among sessions.key`,
      );
    for (const setting of settings) findings.settingsRead.add(setting);
    const moving = [...rest.matchAll(/\{SQLVALUEFUNCTION :op (\d+)/g)].find(
      ([, operation = '']) => !SESSION_VALUES.test(operation),
    );
    if (moving !== undefined) findings.deny('row-security', `${name} looks at the clock`);
    const known = findings.uncacheable;
    below.push(
      ...judgeView(catalog, findings, {
        ...relation,
        table: { ...relation.table, name: `behind ${name}` },
        view: treeOf(rest),
      }),
    );
    if (known === null && findings.uncacheable !== null)
      findings.uncacheable = { code: 'row-security', detail: findings.uncacheable.detail };
  }
  return below;
}

/** The settings that a stored tree asks for by a name that stands in it, and the tree without these questions. */
function settingsIn(tree: string): { readonly settings: readonly string[]; readonly rest: string } {
  const settings: string[] = [];
  const named = tree.replaceAll(SETTING_CALL_BY_NAME, (call: string, length: string, bytes: string) => {
    const values = bytes.trim().split(/\s+/).map(Number);
    if (values.length !== Number(length)) return call;
    const text = Buffer.from(values.slice(HEADER_BYTES)).toString('utf8');
    settings.push(text.toLowerCase());
    return call.replaceAll(SETTING_CALL, ':funcid 0');
  });
  return { settings: [...new Set(settings)], rest: named };
}

/** What `views` asks the server for of a view's tree. */
function treeOf(tree: string): ViewTree {
  const all = (pattern: RegExp): readonly string[] => [
    ...new Set([...tree.matchAll(pattern)].map(([, found = '']) => found)),
  ];
  const numbers = (names: string): readonly string[] => all(new RegExp(`:(?:${names}) ([1-9][0-9]*)`, 'g'));
  return {
    tags: all(/\{([A-Z_]+)/g).filter((tag) => tag !== 'SQLVALUEFUNCTION'),
    relations: numbers('relid'),
    functions: numbers('funcid|opfuncid|aggfnoid|winfnoid'),
    operators: numbers('opno'),
    types: numbers('resulttype|vartype|funcresulttype|opresulttype'),
    coercions: all(/:resulttype ([0-9]+) :resultcollid/g),
    writes: tree.includes(':hasModifyingCTE true'),
    locks: tree.includes(':hasForUpdate true'),
  };
}
