/** Decides which arguments of a call are not for other eyes: passwords in MONITOR and SLOWLOG. Runs nothing. */
import { type Bytes, byteString } from '../byte-string.js';

const REDACTED = '(redacted)';
const secretParameters = new Set([
  'requirepass',
  'masterauth',
  'masteruser',
  'tls-key-file-pass',
  'tls-client-key-file-pass',
]);

export function redacted(fullName: string, args: readonly Bytes[]): readonly Bytes[] {
  switch (fullName) {
    case 'auth':
      return args.map((arg, index) => (index === 0 ? arg : REDACTED));
    case 'acl|setuser':
      return args.map((arg, index) => (index < 2 ? arg : REDACTED));
    case 'hello':
      return args.map((arg, index) => (isBehindAuth(args, index) ? REDACTED : arg));
    case 'config|set':
      return args.map((arg, index) =>
        index > 2 && index % 2 === 1 && secretParameters.has(byteString(args[index - 1] ?? '').toLowerCase())
          ? REDACTED
          : arg,
      );
    default:
      return args;
  }
}

function isBehindAuth(args: readonly Bytes[], index: number): boolean {
  const isWord = (at: number): boolean => at > 1 && byteString(args[at] ?? '').toUpperCase() === 'AUTH';
  return isWord(index - 1) || isWord(index - 2);
}
