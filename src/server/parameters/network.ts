/** Decides which parameters there are about where a server listens, and in which words TLS is asked for. */
import type { ServerContext } from '../command.js';
import type { NetworkSettings, TlsSettings } from '../network-settings.js';
import { type ConfigParameter, integer, oneOfWords, type Setter, text, yesNo, yesNoOf } from './parameter.js';

export const networkParameters: readonly ConfigParameter[] = [
  {
    name: 'port',
    get: (server) => String(portOf(server, 'tcp') ?? server.settings.network.port),
    set: 'immutable',
    start: integer(0, 65_535, ({ settings }, value) => {
      settings.network.port = value;
    }),
  },
  {
    name: 'tls-port',
    get: (server) => String(portOf(server, 'tls') ?? server.settings.network.tlsPort),
    set: 'immutable',
    start: integer(0, 65_535, ({ settings }, value) => {
      settings.network.tlsPort = value;
    }),
  },
  {
    name: 'bind',
    isList: true,
    get: ({ settings }) => settings.network.bind.join(' '),
    set: 'protected',
    start: text(({ settings }, value) => {
      settings.network.bind = value.split(' ').filter((word) => word !== '');
    }),
  },
  {
    name: 'unixsocket',
    get: (server) => pathsOf(server)[0] ?? server.settings.network.unixSocket ?? '',
    set: 'immutable',
    start: text(({ settings }, value) => {
      settings.network.unixSocket = value === '' ? null : value;
    }),
  },
  {
    name: 'unixsocketperm',
    get: ({ settings }) => settings.network.unixSocketMode.toString(8),
    set: 'immutable',
    start: ({ settings }, value) => {
      if (!/^[0-7]{1,4}$/.test(value)) return 'argument must be an octal number of up to four digits';
      settings.network.unixSocketMode = Number.parseInt(value, 8);
      return null;
    },
  },
  network('tcp-backlog', 'backlog', 0, 65_535, 'immutable'),
  network('tcp-keepalive', 'keepAliveSeconds', 0, 2_147_483_647),
  {
    name: 'timeout',
    get: ({ settings }) => String(settings.network.idleSecondsMax),
    set: integer(0, 2_147_483_647, ({ settings, idleCheck }, value) => {
      settings.network.idleSecondsMax = value;
      idleCheck.limitChanged();
    }),
  },
  {
    name: 'protected-mode',
    get: ({ settings }) => yesNoOf(settings.network.isProtected),
    set: yesNo(({ settings }, value) => {
      settings.network.isProtected = value;
    }),
  },
  tlsText('tls-cert-file', 'certFile'),
  tlsText('tls-key-file', 'keyFile'),
  tlsText('tls-key-file-pass', 'keyPassword'),
  tlsText('tls-ca-cert-file', 'caFile'),
  tlsText('tls-ca-cert-dir', 'caFolder'),
  tlsText('tls-dh-params-file', 'dhParametersFile'),
  tlsText('tls-protocols', 'protocols'),
  tlsText('tls-ciphers', 'ciphers'),
  tlsText('tls-ciphersuites', 'cipherSuites'),
  {
    name: 'tls-prefer-server-ciphers',
    get: ({ settings }) => yesNoOf(settings.network.tls.prefersServerCiphers),
    set: 'immutable',
    start: yesNo(({ settings }, value) => {
      settings.network.tls.prefersServerCiphers = value;
    }),
  },
  {
    name: 'tls-auth-clients',
    get: ({ settings }) => settings.network.tls.clientCertificates,
    set: 'immutable',
    start: oneOfWords(['no', 'yes', 'optional'], ({ settings }, value) => {
      settings.network.tls.clientCertificates = value as TlsSettings['clientCertificates'];
    }),
  },
];

type NumberOf<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

function network(
  name: string,
  key: NumberOf<NetworkSettings>,
  min: number,
  max: number,
  kind: 'immutable' | 'any time' = 'any time',
): ConfigParameter {
  const setter: Setter = integer(min, max, ({ settings }, value) => {
    settings.network[key] = value;
  });
  return {
    name,
    get: ({ settings }) => String(settings.network[key]),
    set: kind === 'immutable' ? 'immutable' : setter,
    start: setter,
  };
}

type TextOf<T> = { [K in keyof T]: T[K] extends string | null ? K : never }[keyof T];

function tlsText(name: string, key: Exclude<TextOf<TlsSettings>, 'clientCertificates'>): ConfigParameter {
  return {
    name,
    get: ({ settings }) => settings.network.tls[key] ?? '',
    set: 'immutable',
    start: text(({ settings }, value) => {
      settings.network.tls[key] = value === '' ? null : value;
    }),
  };
}

function portOf(server: ServerContext, kind: 'tcp' | 'tls'): number | undefined {
  for (const address of server.addresses())
    if (address.kind === 'tcp' && address.isTls === (kind === 'tls')) return address.port;
  return undefined;
}

function pathsOf(server: ServerContext): string[] {
  return server.addresses().flatMap((address) => (address.kind === 'unix' ? [address.path] : []));
}
