/** Decides what the URL of a server says: where it is, whether by TLS, who asks, and which database. */

export interface ServerLocation {
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly isSecure: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database?: number;
}

export const URL_FORMAT =
  "must be a URL like 'redis://user:password@host:6379/0', 'rediss://host' for TLS, or 'unix:///path/to/socket'";

const PORT = 6379;

/** Null when it is no such URL. */
export function parseStoreUrl(text: string): ServerLocation | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const name = decode(url.username);
  const password = decode(url.password);
  const who = {
    ...(name === '' ? {} : { username: name }),
    ...(password === '' ? {} : { password }),
  };
  switch (url.protocol) {
    case 'redis:':
    case 'rediss:':
    case 'valkey:':
    case 'valkeys:': {
      const database = databaseOf(url.pathname.slice(1));
      if (database === null || url.hostname === '') return null;
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1'); // IPv6
      const address = { host, port: url.port === '' ? PORT : Number(url.port) };
      return {
        address,
        isSecure: url.protocol === 'rediss:' || url.protocol === 'valkeys:',
        ...who,
        ...database,
      };
    }
    case 'unix:':
    case 'redis+unix:': {
      const database = databaseOf(url.searchParams.get('db') ?? '');
      if (database === null || url.pathname === '') return null;
      return { address: { path: decode(url.pathname) }, isSecure: false, ...who, ...database };
    }
    default:
      return null;
  }
}

function databaseOf(digits: string): { readonly database?: number } | null {
  if (digits === '') return {};
  return /^\d{1,9}$/.test(digits) ? { database: Number(digits) } : null;
}

/** What is no escape sequence is taken as it stands. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
