/** Decides what a rule about commands, keys or channels means (`+get`, `%R~a*`, `&news`). Knows no user. */
import type { AclCommand, AclCommands } from './acl-command.js';
import { aclCategories } from './categories.js';
import type { Selector } from './selector.js';

export type RuleProblem = keyof typeof ruleProblems;

export const ruleProblems = {
  unknown: 'Unknown command or category name in ACL',
  syntax: 'Syntax error',
  'after-all-keys':
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
  'after-all-channels':
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels",
  'no-such-password': 'The password you are trying to remove from the user does not exist',
  'bad-digest':
    'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters',
  'first-argument-of-subcommand': 'Allowing first-arg of a subcommand is not supported',
} as const;

/** Null: applied. */
export function applySelectorRule(
  selector: Selector,
  rule: string,
  commands: AclCommands,
): RuleProblem | null {
  switch (rule.toLowerCase()) {
    case 'allkeys':
    case '~*':
      selector.keys = [];
      selector.allowsAllKeys = true;
      return null;
    case 'resetkeys':
      selector.keys = [];
      selector.allowsAllKeys = false;
      return null;
    case 'allchannels':
    case '&*':
      selector.channels = [];
      selector.allowsAllChannels = true;
      return null;
    case 'resetchannels':
      selector.channels = [];
      selector.allowsAllChannels = false;
      return null;
    case 'allcommands':
    case '+@all':
      selector.setAllCommands(commands.withSubcommands);
      return null;
    case 'nocommands':
    case '-@all':
      selector.clearCommands();
      return null;
    default:
      return applyPattern(selector, rule, commands);
  }
}

function applyPattern(selector: Selector, rule: string, commands: AclCommands): RuleProblem | null {
  switch (rule.charAt(0)) {
    case '~':
    case '%':
      return applyKeyPattern(selector, rule);
    case '&':
      if (selector.allowsAllChannels) return 'after-all-channels';
      if (hasSpaces(rule)) return 'syntax';
      selector.addChannelPattern(rule.slice(1));
      return null;
    case '+':
    case '-':
      if (rule.charAt(1) === '@') return applyCategory(selector, rule, commands);
      return rule.startsWith('+') && rule.includes('|')
        ? applySubcommand(selector, rule.slice(1), commands)
        : applyCommand(selector, rule, commands);
    default:
      return 'syntax';
  }
}

function applyKeyPattern(selector: Selector, rule: string): RuleProblem | null {
  if (selector.allowsAllKeys) return 'after-all-keys';
  const match = /^(?:~|%(R|W|RW|WR)~)([^]*)$/i.exec(rule);
  if (match === null || hasSpaces(rule)) return 'syntax';
  const access = (match[1] ?? 'RW').toUpperCase();
  selector.addKeyPattern(match[2] ?? '', { canRead: access.includes('R'), canWrite: access.includes('W') });
  return null;
}

function applyCategory(selector: Selector, rule: string, commands: AclCommands): RuleProblem | null {
  const name = rule.slice(2).toLowerCase();
  const category = aclCategories.find((known) => known === name);
  if (category === undefined) return 'unknown';
  for (const command of commands.withSubcommands)
    if (command.categories.includes(category)) selector.setCommand(command, rule.startsWith('+'));
  return null;
}

function applyCommand(selector: Selector, rule: string, commands: AclCommands): RuleProblem | null {
  const command = commands.original(rule.slice(1));
  if (command === undefined) return 'unknown';
  selector.setCommand(command, rule.startsWith('+'));
  return null;
}

/** `+config|get`, or `+select|0` where the command has no subcommands. */
function applySubcommand(selector: Selector, name: string, commands: AclCommands): RuleProblem | null {
  const at = name.lastIndexOf('|');
  const command = commands.original(name.slice(0, at));
  if (command === undefined) return 'unknown';
  if (command.parent !== null) return 'first-argument-of-subcommand';
  const sub = name.slice(at + 1);
  if (sub === '') return 'syntax';
  if (command.subcommands.size > 0) return applyCommand(selector, `+${name}`, commands);
  addFirstArgument(selector, command, sub.toLowerCase());
  return null;
}

function addFirstArgument({ firstArguments }: Selector, command: AclCommand, argument: string): void {
  const known = firstArguments.get(command);
  if (known === undefined) firstArguments.set(command, [argument]);
  else if (!known.includes(argument)) known.push(argument);
}

export function hasSpaces(text: string): boolean {
  return /[\s\0]/.test(text);
}

/** `( ~a`, `+get )` are one rule that was cut at its spaces. The first word of one that is never closed, if any. */
export function joinSelectors(words: readonly string[]): { rules: string[] } | { unmatched: string } {
  const rules: string[] = [];
  let open: string[] = [];
  for (const word of words) {
    // In Redis one that opens inside another takes its place.
    if (word.startsWith('(') && !word.endsWith(')')) open = [word];
    else if (open.length === 0) rules.push(word);
    else {
      open.push(word);
      if (!word.endsWith(')')) continue;
      rules.push(open.join(' '));
      open = [];
    }
  }
  const [unmatched] = open;
  return unmatched === undefined ? { rules } : { unmatched };
}
