/** Decides which questions a Postgres database is asked about its catalog. Knows nothing of what the answers are for. */

/** Schemas that are the server's own; what they hold changes without any write we could see. */
const userSchema = `n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'`;

const userClass = `pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${userSchema} and c.relpersistence <> 't'`;

/** Objects the installation did not bring along have a higher oid (FirstNormalObjectId). */
const userOid = 16384;

function rows(select: string): string {
  return `(select coalesce(json_agg(r), '[]') from (${select}) r)::text`;
}

/** Distinct numbers that stand after these names in a stored query tree. */
function numbersIn(tree: string, names: string): string {
  return `array(select distinct m[1] from regexp_matches(${tree}, ':(?:${names}) ([1-9][0-9]*)', 'g') m)`;
}

/** Of a view with a longer tree it is not asked which rows it shows. */
const treeLengthMax = 200_000;

/**
 * A view is judged by its stored, analysed tree (`pg_rewrite.ev_action`): every table, function and type in it by oid.
 * `pg_get_viewdef` would take locks on the tables below, and so could stand in the way of DDL.
 */
const views = `select r.ev_class::text as relation,
    case when length(r.ev_action::text) <= ${treeLengthMax} then r.ev_action::text end as tree,
    array(select distinct m[1] from regexp_matches(r.ev_action::text, '\\{([A-Z_]+)', 'g') m) as tags,
    ${numbersIn('r.ev_action::text', 'relid')} as relations,
    ${numbersIn('r.ev_action::text', 'funcid|opfuncid|aggfnoid|winfnoid')} as functions,
    ${numbersIn('r.ev_action::text', 'opno')} as operators,
    ${numbersIn('r.ev_action::text', 'resulttype|vartype|funcresulttype|opresulttype')} as types,
    array(select distinct m[1] from regexp_matches(r.ev_action::text, ':resulttype ([0-9]+) :resultcollid', 'g') m)
      as coercions,
    r.ev_action::text ~ ':hasModifyingCTE true' as writes,
    r.ev_action::text ~ ':hasForUpdate true' as locks
  from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where r.ev_type = '1' and ${userSchema}`;

const unknownCode = `select o.relation::text as relation, o.domain::text as domain, d.refobjid::text as function
  from pg_catalog.pg_depend d join (
    select 'pg_catalog.pg_attrdef'::regclass as class, oid, adrelid as relation, 0 as domain from pg_catalog.pg_attrdef
    union all select 'pg_catalog.pg_constraint'::regclass, oid, conrelid, contypid from pg_catalog.pg_constraint
    union all select 'pg_catalog.pg_policy'::regclass, oid, polrelid, 0 from pg_catalog.pg_policy
  ) o on d.classid = o.class and d.objid = o.oid
  where d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid >= ${userOid}`;

const parts = {
  relations: `select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
      c.relrowsecurity as "rowSecurity", c.relispartition as "isPartition"
    from ${userClass} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')`,
  columns: `select c.oid::text as relation, a.attnum as number, a.attname as name, a.atttypid::text as type,
      a.attgenerated <> '' as generated, a.attidentity <> '' as identity,
      a.atthasdef or a.attidentity <> '' or t.typdefault is not null as "hasDefault",
      coalesce(l.collisdeterministic, true) as deterministic
    from ${userClass.replace(
      'where',
      `join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_catalog.pg_type t on t.oid = a.atttypid
        left join pg_catalog.pg_collation l on l.oid = a.attcollation where`,
    )} and c.relkind in ('r', 'p', 'v', 'm', 'f') order by a.attrelid, a.attnum`,
  keys: `select i.indrelid::text as relation, i.indkey[0] as column, i.indisprimary as primary
    from pg_catalog.pg_index i where i.indrelid >= ${userOid} and i.indisunique and i.indnkeyatts = 1
      and i.indpred is null and i.indkey[0] > 0`,
  compositeKeys: `select i.indrelid::text as relation, i.indisprimary as primary,
      (i.indkey::int2[])[0:i.indnkeyatts - 1] as columns
    from pg_catalog.pg_index i where i.indrelid >= ${userOid} and i.indisunique and i.indnkeyatts > 1
      and i.indpred is null and i.indexprs is null`,
  looseKeys: `select distinct i.indrelid::text as relation, k."column" from pg_catalog.pg_index i
      cross join lateral unnest(i.indkey::int2[], i.indcollation::oid[], i.indclass::oid[]) as k("column", "collation", class)
      left join pg_catalog.pg_collation l on l.oid = k."collation"
      left join pg_catalog.pg_opclass o on o.oid = k.class
    where i.indrelid >= ${userOid} and i.indisunique and k."column" > 0
      and (l.collisdeterministic is false or o.oid >= ${userOid} or o.opcintype = 'pg_catalog.bpchar'::regtype)`,
  foreignKeys: `select conrelid::text as "from", confrelid::text as "to", conkey as "fromColumns",
      confkey as "toColumns", confdeltype as "onDelete", confupdtype as "onUpdate"
    from pg_catalog.pg_constraint where contype = 'f'`,
  triggers: `select tgrelid::text as relation, tgname as name, tgtype::int as type, tgfoid::text as function,
      ${numbersIn(`coalesce(tgqual::text, '')`, 'funcid|opfuncid')} as "conditionFunctions"
    from pg_catalog.pg_trigger
    where (not tgisinternal or tgfoid >= ${userOid}) and tgenabled <> 'D'`,
  policies: `select polrelid::text as relation, polqual::text as tree from pg_catalog.pg_policy
    where polqual is not null and polcmd in ('r', '*')`,
  rules: `select ev_class::text as relation, rulename as name from pg_catalog.pg_rewrite
    where ev_type <> '1' and ev_class >= ${userOid}`,
  views,
  inherits: `select inhrelid::text as child, inhparent::text as parent from pg_catalog.pg_inherits`,
  functions: `select p.oid::text as oid, n.nspname as schema, p.proname as name, p.prokind as kind,
      p.provolatile as volatility, l.lanname as language, p.pronargs - p.pronargdefaults as "argumentsMin",
      case when p.provariadic <> 0 then 1000000 else p.pronargs end as "argumentsMax", t.typcategory as category, p.prorettype::text as result,
      p.oid >= ${userOid} and exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e'
        and d.classid = 'pg_catalog.pg_proc'::regclass) as extension,
      case when p.oid >= ${userOid} and l.lanname not in ('c', 'internal') then p.prosrc end as source,
      p.proconfig as settings,
      array(select d.refobjid::text from pg_catalog.pg_depend d where p.oid >= ${userOid} and p.prokind <> 'a' and d.objid = p.oid
        and d.classid = 'pg_catalog.pg_proc'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
        and d.refobjid >= ${userOid}) as calls,
      case when p.oid >= ${userOid} and p.prokind = 'a' then
        (select array[a.aggtransfn::oid::text, a.aggfinalfn::oid::text, a.aggcombinefn::oid::text,
          a.aggmtransfn::oid::text, a.aggminvtransfn::oid::text, a.aggmfinalfn::oid::text]
        from pg_catalog.pg_aggregate a where a.aggfnoid = p.oid) end as parts
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      join pg_catalog.pg_language l on l.oid = p.prolang join pg_catalog.pg_type t on t.oid = p.prorettype
    where n.nspname !~ '^pg_temp'`,
  operators: `select o.oid::text as oid, n.nspname as schema, o.oprname as name, o.oprcode::oid::text as function,
      o.oprleft::text as "left", o.oprright::text as "right", o.oid >= ${userOid} as "userDefined"
    from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
      left join pg_catalog.pg_proc p on p.oid = o.oprcode
    where o.oprcode <> 0 and (o.oid >= ${userOid} or p.provolatile <> 'i')`,
  casts: `select castsource::text as source, casttarget::text as target, castfunc::text as function,
      castcontext as context from pg_catalog.pg_cast where oid >= ${userOid}`,
  types: `select t.oid::text as oid, n.nspname as schema, t.typname as name, t.typtype as kind,
      t.typcategory as category, t.typbasetype::text as base, t.typelem::text as element,
      exists (select from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype = 'c') as checked,
      t.oid >= ${userOid} and exists (select from pg_catalog.pg_proc p
        where p.oid in (t.typinput, t.typoutput) and p.provolatile = 'v') as "volatile"
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where n.nspname !~ '^pg_(toast|temp)' and n.nspname <> 'information_schema'`,
  unknownCode,
  systemRelations: `select relname as name from pg_catalog.pg_class where relnamespace = 11 and relkind in ('r', 'v')`,
} as const;

export type CatalogPart = keyof typeof parts;

export const catalogParts = Object.keys(parts) as CatalogPart[];

/** What of a catalog row may change without changing its meaning is left out; `xmin` stands for all the rest. */
function digest(from: string, identity: string): string {
  return `(select count(*)::text || '.' || coalesce(sum(hashtextextended(${identity}, 0)::numeric), 0)::text from ${from})`;
}

const version = (alias: string): string => `${alias}.oid::text || ':' || ${alias}.xmin::text`;

/**
 * One row, one column `fingerprint`: another text when a schema, table, column, key, trigger, rule, policy, function,
 * operator, cast, type, text search configuration, inheritance or privilege became another one.
 * Temporary tables, statistics, TRUNCATE and REFRESH do not change it.
 */
const fingerprintExpression = `md5(concat_ws('/',
  ${digest(
    userClass,
    `concat_ws(' ', c.oid, c.relname, c.relnamespace, c.relkind, c.relrowsecurity,
    c.relforcerowsecurity, c.relispartition, c.relnatts, c.relhasrules, c.relchecks, c.relacl, c.relowner)`,
  )},
  ${digest(
    `pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
      where a.attrelid >= ${userOid} and a.attnum > 0 and c.relpersistence <> 't' and c.relkind in ('r','p','v','m','f')`,
    `a.attrelid::text || ':' || a.attnum::text || ':' || a.xmin::text`,
  )},
  ${digest(
    `pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indrelid
      where i.indrelid >= ${userOid} and i.indisunique and c.relpersistence <> 't' and c.relkind in ('r', 'p', 'm')`,
    `concat_ws(' ', i.indexrelid, i.indrelid, i.indkey, i.indisprimary, i.indisvalid)`,
  )},
  ${[
    'pg_namespace',
    'pg_policy',
    'pg_type',
    'pg_proc',
    'pg_rewrite',
    'pg_trigger',
    'pg_constraint',
    'pg_attrdef',
  ]
    .map((name) => digest(`pg_catalog.${name} x where ${fingerprintFilter(name)}`, version('x')))
    .join(',\n  ')},
  ${['pg_operator', 'pg_cast', 'pg_enum', 'pg_collation', 'pg_ts_config', 'pg_ts_dict']
    .map((name) => digest(`pg_catalog.${name} x where x.oid >= ${userOid}`, version('x')))
    .join(',\n  ')},
  ${digest('pg_catalog.pg_inherits x', `concat_ws(' ', x.inhrelid, x.inhparent)`)},
  ${digest(
    'pg_catalog.pg_roles x where x.rolsuper or x.rolbypassrls',
    `concat_ws(' ', x.oid, x.rolsuper, x.rolbypassrls)`,
  )},
  ${digest('pg_catalog.pg_auth_members x', `concat_ws(' ', x.roleid, x.member)`)}
))`;

function fingerprintFilter(name: string): string {
  const permanent = (column: string): string =>
    `not exists (select from pg_catalog.pg_class c where c.oid = x.${column} and c.relpersistence = 't')`;
  switch (name) {
    case 'pg_namespace':
      return `x.nspname !~ '^pg_'`;
    case 'pg_type':
      return `x.oid >= ${userOid} and x.typrelid = 0 and x.typcategory <> 'A'`;
    case 'pg_rewrite':
      return `x.oid >= ${userOid} and ${permanent('ev_class')}`;
    case 'pg_trigger':
      return `(not x.tgisinternal or x.tgfoid >= ${userOid}) and ${permanent('tgrelid')}`;
    case 'pg_constraint':
      return `x.oid >= ${userOid} and ${permanent('conrelid')}`;
    case 'pg_attrdef':
      return permanent('adrelid');
    default:
      return `x.oid >= ${userOid}`;
  }
}

/** Cheap (a few milliseconds), takes no lock that DDL would wait for, needs no privilege. */
export const catalogFingerprintSql = `select ${fingerprintExpression} as fingerprint`;

/** The whole snapshot in one statement, hence of one moment; each part is a JSON text. */
export const catalogSql = `select ${fingerprintExpression} as fingerprint,
  to_json(current_schemas(true))::text as "searchPath",
  current_setting('standard_conforming_strings') as "standardConformingStrings",
  ${catalogParts.map((part) => `${rows(parts[part])} as "${part}"`).join(',\n  ')}`;
