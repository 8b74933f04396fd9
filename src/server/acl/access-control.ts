/** Decides which users there are, who may log in as whom, and what becomes of a change of rules. Knows no client. */
import type { Clock } from '../../clock.js';
import type { Bytes } from '../byte-string.js';
import type { AclCommands } from './acl-command.js';
import { AclLog } from './acl-log.js';
import { describeUser } from './describe.js';
import { hasSpaces, joinSelectors, ruleProblems } from './rules.js';
import { passwordDigest, User, type UserDefaults } from './user.js';

export const DEFAULT_USER = 'default';

/** What was wrong with the rules, in Redis' words; else the user as he was and as he is now. */
export type Change = { readonly problem: string } | { readonly old: User | null; readonly user: User };

export class AccessControl {
  readonly log: AclLog;
  /** `acl-pubsub-default`. */
  readonly defaults: UserDefaults = { allowsAllChannels: false };
  readonly defaultUser: User;
  private users = new Map<string, User>();

  constructor(
    private readonly commands: AclCommands,
    clock: Clock,
  ) {
    this.log = new AclLog(clock);
    this.defaultUser = this.freshDefault();
    this.users.set(DEFAULT_USER, this.defaultUser);
  }

  /** Whether who has just connected has to log in. */
  get needsLogin(): boolean {
    return !this.defaultUser.hasNoPassword || !this.defaultUser.isEnabled;
  }

  find(name: string): User | undefined {
    return this.users.get(name);
  }

  /** In alphabetical order. */
  get names(): string[] {
    return [...this.users.keys()].sort((one, other) => (one < other ? -1 : 1));
  }

  /** As an ACL file has them. */
  get lines(): string[] {
    return this.names.map((name) => this.line(name));
  }

  private line(name: string): string {
    const user = this.users.get(name);
    return user === undefined ? '' : `user ${name} ${describeUser(user, this.commands.withSubcommands)}`;
  }

  /** Null when the name or the password is wrong. */
  login(name: string, password: Bytes): User | null {
    const user = this.users.get(name);
    return user?.isEnabled === true && user.isPassword(password) ? user : null;
  }

  /** All rules or none. */
  change(name: string, words: readonly string[]): Change {
    if (hasSpaces(name)) return { problem: "Usernames can't contain spaces or null characters" };
    const old = this.users.get(name) ?? null;
    const staged = old?.copy() ?? new User(name, this.defaults);
    const joined = joinSelectors(words);
    if ('unmatched' in joined)
      return { problem: `Unmatched parenthesis in acl selector starting at '${joined.unmatched}'.` };
    for (const rule of joined.rules) {
      const problem = staged.apply(rule, this.commands);
      if (problem !== null)
        return { problem: `Error in ACL SETUSER modifier '${rule}': ${ruleProblems[problem]}` };
    }
    const before = old?.copy() ?? null;
    const user = old ?? staged;
    if (old === null) this.users.set(name, user);
    else old.take(staged);
    return { old: before, user };
  }

  delete(name: string): User | null {
    const user = this.users.get(name) ?? null;
    if (user !== null) this.users.delete(name);
    return user;
  }

  /** `requirepass`: null is none. */
  setDefaultPassword(password: string | null): void {
    this.defaultUser.hasNoPassword = password === null;
    this.defaultUser.passwords = password === null ? [] : [passwordDigest(password)];
  }

  /**
   * Replaces all users by those of a file's text, or says what is wrong with it. Whoever is logged in as one of the
   * old ones, but for `default`, is to be hung up on.
   */
  load(text: string, path: string): { readonly problem: string } | { readonly old: readonly User[] } {
    const users = new Map<string, User>();
    const problems: string[] = [];
    for (const [index, line] of text.split('\n').entries()) {
      const [keyword = '', name, ...rules] = line.trim().split(' ');
      if (keyword === '') continue;
      const where = `${path}:${index + 1}`;
      if (keyword !== 'user' || name === undefined)
        problems.push(`${where} should start with user keyword followed by the username. `);
      else if (users.has(name))
        problems.push(`WARNING: Duplicate user '${name}' found on line ${index + 1}. `);
      else {
        const user = new User(name, this.defaults);
        users.set(name, user);
        problems.push(...this.problemsOfLine(user, rules, where));
      }
    }
    if (problems.length > 0)
      return {
        problem: `${problems.join('')}WARNING: ACL errors detected, no change to the previously active ACL rules was performed`,
      };
    const old = [...this.users.values()].filter((user) => user !== this.defaultUser);
    this.defaultUser.take(users.get(DEFAULT_USER) ?? this.freshDefault());
    users.set(DEFAULT_USER, this.defaultUser);
    this.users = users;
    return { old };
  }

  /** Every unknown name is told; of what else is wrong only the first, since the rest may follow from it. */
  private problemsOfLine(user: User, words: readonly string[], where: string): string[] {
    const joined = joinSelectors(words);
    if ('unmatched' in joined) return [`${where}: Unmatched parenthesis in selector definition.`];
    const problems: string[] = [];
    let isSyntaxTold = false;
    for (const rule of joined.rules) {
      const problem = user.apply(rule, this.commands);
      if (problem === 'unknown')
        problems.push(`${where}: Error in applying operation '${rule}': ${ruleProblems[problem]}. `);
      else if (problem !== null && !isSyntaxTold) {
        problems.push(`${where}: ${ruleProblems[problem]}. `);
        isSyntaxTold = true;
      }
    }
    return problems;
  }

  private freshDefault(): User {
    const user = new User(DEFAULT_USER, this.defaults);
    user.allowEverything(this.commands.withSubcommands);
    return user;
  }
}
