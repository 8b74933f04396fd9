/**
 * Decides how permissions are told as rules. Which commands are permitted is told by the categories that come closest
 * and then the single commands that are left. (Redis 7.0: `acl.c`, ACLDescribeSelectorCommandRules.)
 */
import type { AclCommand } from './acl-command.js';
import { type AclCategory, aclCategories } from './categories.js';
import { type KeyPattern, Selector } from './selector.js';
import type { User } from './user.js';

/** As a line of an ACL file, without `user` and the name. */
export function describeUser(user: User, all: readonly AclCommand[]): string {
  const words = [...flagsOf(user), ...user.passwords.map((digest) => `#${digest}`)];
  const [root, ...others] = user.selectors.map((selector) => describeSelector(selector, all));
  return [...words, root, ...others.map((text) => `(${text})`)].join(' ');
}

export function flagsOf(user: User): string[] {
  const flags = [user.isEnabled ? 'on' : 'off'];
  if (user.hasNoPassword) flags.push('nopass');
  if (user.payloads !== 'default') flags.push(`${user.payloads === 'skip' ? 'skip-' : ''}sanitize-payload`);
  return flags;
}

function describeSelector(selector: Selector, all: readonly AclCommand[]): string {
  const keys = describeKeys(selector);
  const channels = selector.allowsAllChannels
    ? '&*'
    : ['resetchannels', ...selector.channels.map(({ pattern }) => `&${pattern}`)].join(' ');
  return [...(keys === '' ? [] : [keys]), channels, describeCommands(selector, all)].join(' ');
}

export function describeKeys({ allowsAllKeys, keys }: Selector): string {
  return allowsAllKeys ? '~*' : keys.map(describeKey).join(' ');
}

function describeKey({ pattern, canRead, canWrite }: KeyPattern): string {
  return canRead && canWrite ? `~${pattern}` : `%${canRead ? 'R' : 'W'}~${pattern}`;
}

export function describeChannels({ allowsAllChannels, channels }: Selector): string {
  return allowsAllChannels ? '&*' : channels.map(({ pattern }) => `&${pattern}`).join(' ');
}

/** Each category of `all` is applied at most once, the one that fits best first. */
export function describeCommands(selector: Selector, all: readonly AclCommand[]): string {
  const isAdditive = !selector.allowsFutureCommands;
  const rules = [isAdditive ? '-@all' : '+@all'];
  // What the rules so far permit, and what they leave to be told.
  const told = new Selector();
  if (!isAdditive) told.setAllCommands(all);
  const left = selector.copy();
  const applied = new Set<AclCategory>();
  for (let best = bestCategory(left, all, isAdditive, applied); best !== null; ) {
    applied.add(best);
    for (const command of all)
      if (command.categories.includes(best)) {
        told.setCommand(command, isAdditive);
        left.setCommand(command, !isAdditive);
      }
    rules.push(`${isAdditive ? '+' : '-'}@${best}`);
    best = bestCategory(left, all, isAdditive, applied);
  }
  return [...rules, ...singleRules(selector, told, all)].join(' ');
}

function bestCategory(
  left: Selector,
  all: readonly AclCommand[],
  isAdditive: boolean,
  applied: ReadonlySet<AclCategory>,
): AclCategory | null {
  let best: AclCategory | null = null;
  let fewestWrong = Number.POSITIVE_INFINITY;
  let mostRight = 0;
  for (const category of aclCategories) {
    if (applied.has(category)) continue;
    let [right, wrong] = [0, 0];
    for (const command of all)
      if (command.categories.includes(category))
        if (left.commands.has(command) === isAdditive) right++;
        else wrong++;
    if (right <= wrong || wrong > fewestWrong || (wrong === fewestWrong && right <= mostRight)) continue;
    best = category;
    fewestWrong = wrong;
    mostRight = right;
  }
  return best;
}

function singleRules(selector: Selector, told: Selector, all: readonly AclCommand[]): string[] {
  const rules: string[] = [];
  for (const command of all) {
    const isAllowed = selector.commands.has(command);
    if (isAllowed !== told.commands.has(command)) {
      rules.push(`${isAllowed ? '+' : '-'}${command.fullName}`);
      told.setCommand(command, isAllowed);
    }
    if (!isAllowed)
      for (const argument of selector.firstArguments.get(command) ?? [])
        rules.push(`+${command.fullName}|${argument}`);
  }
  return rules;
}
