/** Decides the definitions that a case changes while results are kept. */
import { columnTypes, Values } from './column-types.js';
import { condition } from './conditions.js';
import type { Dice } from './dice.js';
import { tenant } from './tenant.js';
import type { World } from './world.js';

export function definition(world: World, dice: Dice): string {
  const relation = dice.pick(world.relations);
  const table = dice.pick(world.relations.filter(({ kind }) => kind === 'table'));
  const column = dice.pick(table.columns);
  const own = `d${world.serial++}`;
  const values = new Values(dice, false);
  // What is gone is asked for in vain from then on.
  const destructive = [
    `alter table ${table.name} drop column ${column.name} cascade`,
    `alter table ${table.name} rename column ${column.name} to ${own}`,
    `alter table ${table.name} rename to ${own}`,
    `drop table ${table.name} cascade`,
    `alter table ${relation.name} set schema other`,
  ];
  if (dice.chance(0.1)) return dice.pick(destructive);
  return dice.pick([
    `alter table ${table.name} add column ${own} ${dice.pick(columnTypes).sql}`,
    `alter table ${table.name} add column ${own} int default 3`,
    `alter table ${table.name} alter column ${column.name} set default ${dice.pick(column.type.literals)}`,
    `alter table ${table.name} alter column ${column.name} type text using ${column.name}::text`,
    `drop table ${table.name}`,
    `create index on ${table.name} (${column.name})`,
    `create table ${own} as select * from ${relation.name}`,
    `create or replace view ${own} as select * from ${relation.name}`,
    `alter table ${table.name} set unlogged`,
    `create trigger ${own} before update on ${table.name} for each row execute function suppress_redundant_updates_trigger()`,
    `alter table ${table.name} disable trigger user`,
    `alter table ${table.name} ${dice.pick(['enable', 'disable', 'force'])} row level security`,
    `create policy ${own} on ${table.name} using (${condition({ dice, values }, { alias: '', relation: table })})`,
    `grant select on ${relation.name} to ${tenant}`,
    `revoke select on ${relation.name} from ${tenant}`,
    `alter sequence numbers restart with 1`,
    `comment on table ${table.name} is 'x'`,
    `analyze ${table.name}`,
    `alter type mood add value if not exists 'new'`,
    `create table other.${relation.name.replace(/^.*\./, '')} as select * from ${relation.name} limit 1`,
  ]);
}
