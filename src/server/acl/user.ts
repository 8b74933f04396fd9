/** Decides who a user is and what rules make of him. Knows no client. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Bytes, bufferOf, byteString } from '../byte-string.js';
import type { AclCommand, AclCommands } from './acl-command.js';
import { applySelectorRule, type RuleProblem } from './rules.js';
import { type Denial, deniedReasons, Selector } from './selector.js';

/** What new users may hear of at first: `acl-pubsub-default`. */
export interface UserDefaults {
  allowsAllChannels: boolean;
}

export class User {
  isEnabled = false;
  /** Any password is right. */
  hasNoPassword = false;
  /** Digests in hexadecimal. */
  passwords: string[] = [];
  /** Whether RESTORE looks closely at what it is given. */
  payloads: 'default' | 'sanitize' | 'skip' = 'default';
  /** The first is the user's own; a call needs only one that permits it. */
  selectors: [Selector, ...Selector[]];

  constructor(
    readonly name: string,
    private readonly defaults: UserDefaults,
  ) {
    const root = new Selector();
    root.allowsAllChannels = defaults.allowsAllChannels;
    this.selectors = [root];
  }

  copy(): User {
    const copy = new User(this.name, this.defaults);
    copy.take(this);
    return copy;
  }

  /** Becomes what the other is. */
  take(other: User): void {
    const [root, ...more] = other.selectors;
    this.isEnabled = other.isEnabled;
    this.hasNoPassword = other.hasNoPassword;
    this.passwords = [...other.passwords];
    this.payloads = other.payloads;
    this.selectors = [root.copy(), ...more.map((selector) => selector.copy())];
  }

  /** Permits everything to whoever comes, as the user `default` does at first. */
  allowEverything(all: Iterable<AclCommand>): void {
    const [root] = this.selectors;
    this.isEnabled = true;
    this.hasNoPassword = true;
    root.allowsAllKeys = true;
    root.allowsAllChannels = true;
    root.setAllCommands(all);
  }

  /** Nothing needs to be looked at. */
  get mayDoEverything(): boolean {
    const [root] = this.selectors;
    return root.allowsAllCommands && root.allowsAllKeys && root.allowsAllChannels;
  }

  isPassword(password: Bytes): boolean {
    if (this.hasNoPassword) return true;
    const digest = Buffer.from(passwordDigest(password));
    let isRight = false;
    // All are compared, so that the time tells nothing.
    for (const known of this.passwords) if (timingSafeEqual(digest, Buffer.from(known))) isRight = true;
    return isRight;
  }

  /** Null when the call is permitted; else what came closest to permitting it. */
  denial(command: AclCommand, args: readonly Bytes[]): Denial | null {
    let closest: Denial = { reason: 'command', index: 0 };
    for (const selector of this.selectors) {
      const denial = selector.denial(command, args);
      if (denial === null) return null;
      const [rank, best] = [deniedReasons.indexOf(denial.reason), deniedReasons.indexOf(closest.reason)];
      if (rank > best || (rank === best && denial.index > closest.index)) closest = denial;
    }
    return closest;
  }

  allowsChannel(channel: string, isPattern: boolean): boolean {
    return this.selectors.some((selector) => selector.allowsChannel(channel, isPattern));
  }

  /** Applies one rule; what is wrong with it, or null. Nothing is changed by a wrong one. */
  apply(rule: string, commands: AclCommands): RuleProblem | null {
    switch (rule.toLowerCase()) {
      case '':
        return null;
      case 'on':
      case 'off':
        this.isEnabled = rule.toLowerCase() === 'on';
        return null;
      case 'nopass':
        this.hasNoPassword = true;
        this.passwords = [];
        return null;
      case 'resetpass':
        this.hasNoPassword = false;
        this.passwords = [];
        return null;
      case 'sanitize-payload':
        this.payloads = 'sanitize';
        return null;
      case 'skip-sanitize-payload':
        this.payloads = 'skip';
        return null;
      case 'clearselectors':
        this.selectors = [this.selectors[0]];
        return null;
      case 'reset':
        this.reset();
        return null;
      default:
        return this.applyOther(rule, commands);
    }
  }

  private applyOther(rule: string, commands: AclCommands): RuleProblem | null {
    const rest = rule.slice(1);
    switch (rule.charAt(0)) {
      case '>':
        return this.addPassword(passwordDigest(rest));
      case '#':
        return isDigest(rest) ? this.addPassword(rest) : 'bad-digest';
      case '<':
        return this.removePassword(passwordDigest(rest));
      case '!':
        return isDigest(rest) ? this.removePassword(rest) : 'bad-digest';
      case '(':
        return rule.endsWith(')')
          ? this.addSelector(rule.slice(1, -1), commands)
          : applySelectorRule(this.selectors[0], rule, commands);
      default:
        return applySelectorRule(this.selectors[0], rule, commands);
    }
  }

  private addSelector(rules: string, commands: AclCommands): RuleProblem | null {
    const selector = new Selector();
    selector.allowsAllChannels = this.defaults.allowsAllChannels;
    for (const rule of rules.split(/[\s\0]+/)) {
      const problem = rule === '' ? null : applySelectorRule(selector, rule, commands);
      if (problem !== null) return problem;
    }
    this.selectors.push(selector);
    return null;
  }

  private addPassword(digest: string): null {
    if (!this.passwords.includes(digest)) this.passwords.push(digest);
    this.hasNoPassword = false;
    return null;
  }

  private removePassword(digest: string): RuleProblem | null {
    const index = this.passwords.indexOf(digest);
    if (index < 0) return 'no-such-password';
    this.passwords.splice(index, 1);
    return null;
  }

  private reset(): void {
    const root = new Selector();
    root.allowsAllChannels = this.defaults.allowsAllChannels;
    this.isEnabled = false;
    this.hasNoPassword = false;
    this.passwords = [];
    this.payloads = 'sanitize';
    this.selectors = [root];
  }
}

export function passwordDigest(password: Bytes): string {
  return createHash('sha256')
    .update(bufferOf(byteString(password)))
    .digest('hex');
}

function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
