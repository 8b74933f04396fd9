/**
 * Decides what the type of a value may be, where that matters for whether it depends on the day: true where it is
 * not certain. Judges nothing else.
 */
import type { Scope } from '../rows/scope.js';
import { child, type Fields, list, strings, tagged } from './ast.js';
import { type Catalog, type FunctionInfo, findFunctions, findOperators } from './catalog.js';
import { columnNames, resolve } from './scope.js';
import { findTypeName, isTextual, natureOfOid } from './types.js';

/** Whether a value whose text is not in front of us (a literal or parameter is judged by its text) may be a text. */
export function mayBeText(catalog: Catalog, node: unknown, scope: Scope): boolean {
  const found = tagged(node);
  if (found === null) return true;
  switch (found.tag) {
    case 'A_Const':
    case 'ParamRef':
      return false;
    case 'ColumnRef': {
      const names = columnNames(found.fields);
      const column = names === null ? null : resolve(scope, names);
      const type = column === null ? undefined : catalog.types.get(column.column.type);
      return type === undefined || isTextual(type.category) || natureOfOid(catalog, type.oid) === 'catalog';
    }
    case 'TypeCast': {
      const typeName = child(found.fields, 'typeName');
      const types = findTypeName(catalog, strings(list(typeName ?? {}, 'names')) ?? []);
      return types.length === 0 || types.some((type) => isTextual(type.category));
    }
    case 'FuncCall':
      return callMayBeText(catalog, found.fields);
    case 'A_Expr':
      return operationMayBeText(catalog, found.fields);
    default:
      return true;
  }
}

function callMayBeText(catalog: Catalog, call: Fields): boolean {
  const names = strings(list(call, 'funcname')) ?? [];
  const candidates: readonly FunctionInfo[] = findFunctions(catalog, {
    schema: names.length > 1 ? (names.at(-2) ?? '') : '',
    name: names.at(-1) ?? '',
    argumentCount: list(call, 'args').length,
  });
  return candidates.length === 0 || candidates.some((info) => isTextual(info.category));
}

/** The server's arithmetic gives numbers, dates, times and the like. */
function operationMayBeText(catalog: Catalog, operation: Fields): boolean {
  const names = strings(list(operation, 'name')) ?? [];
  const name = names.at(-1) ?? '';
  if (names.length !== 1 || !['+', '-', '*', '/'].includes(name)) return true;
  return findOperators(catalog, '', name).some((operator) => operator.userDefined);
}

/** date, timestamp, timestamptz, interval. */
const momentTypes: ReadonlySet<string> = new Set(['1082', '1114', '1184', '1186']);

/** Whether a value may be a time or timetz; true where its type is not certain. */
export function mayBeTimeOfDay(catalog: Catalog, node: unknown, scope: Scope): boolean {
  const found = tagged(node);
  if (found === null) return true;
  const { tag, fields } = found;
  switch (tag) {
    case 'A_Const':
      // Untyped, it becomes a timestamptz, the preferred type.
      return false;
    case 'ColumnRef': {
      const names = columnNames(fields);
      const column = names === null ? null : resolve(scope, names);
      return column === null || !momentTypes.has(column.column.type);
    }
    case 'TypeCast': {
      const types = findTypeName(catalog, strings(list(child(fields, 'typeName') ?? {}, 'names')) ?? []);
      return types.length === 0 || types.some((type) => !momentTypes.has(type.oid));
    }
    case 'FuncCall': {
      const names = strings(list(fields, 'funcname')) ?? [];
      const given = list(fields, 'args');
      if (names.at(-1) === 'timezone') return mayBeTimeOfDay(catalog, given.at(-1), scope);
      const candidates = findFunctions(catalog, {
        schema: names.length > 1 ? (names.at(-2) ?? '') : '',
        name: names.at(-1) ?? '',
        argumentCount: given.length,
      });
      return candidates.length === 0 || candidates.some((info) => !momentTypes.has(info.result));
    }
    case 'A_Expr':
      return (
        operationMayBeText(catalog, fields) ||
        mayBeTimeOfDay(catalog, fields['lexpr'], scope) ||
        mayBeTimeOfDay(catalog, fields['rexpr'], scope)
      );
    default:
      return true;
  }
}
