/** Decides how Redis' words about TLS become Node's. Knows no socket. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CIPHERS, type SecureVersion, type TlsOptions } from 'node:tls';
import { LookasideError } from '../errors.js';
import type { TlsSettings } from './network-settings.js';

const VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/**
 * Reads what the settings name.
 * @throws LookasideError `LOOKASIDE_SERVER_LISTEN`
 */
export function tlsOptions(settings: TlsSettings): TlsOptions {
  const { certFile, keyFile, keyPassword, caFile, caFolder, clientCertificates } = settings;
  if (certFile === null || keyFile === null)
    throw new LookasideError('SERVER_LISTEN', 'TLS needs tls-cert-file and tls-key-file');
  if (caFile === null && caFolder === null && clientCertificates !== 'no')
    throw new LookasideError(
      'SERVER_LISTEN',
      'either tls-ca-cert-file or tls-ca-cert-dir must be given when tls-auth-clients is not "no"',
    );
  const { protocols, dhParametersFile, prefersServerCiphers } = settings;
  return {
    cert: contentOf(certFile),
    key: contentOf(keyFile),
    ...(keyPassword === null ? {} : { passphrase: keyPassword }),
    ca: [...(caFile === null ? [] : [contentOf(caFile)]), ...(caFolder === null ? [] : contentsOf(caFolder))],
    ...(dhParametersFile === null ? {} : { dhparam: contentOf(dhParametersFile) }),
    ...(protocols === null ? {} : versionsOf(protocols)),
    ...ciphersOf(settings),
    honorCipherOrder: prefersServerCiphers,
    requestCert: clientCertificates !== 'no',
    // Who need not show a certificate may still not show a wrong one: see `Listener`.
    rejectUnauthorized: clientCertificates === 'yes',
  };
}

function ciphersOf({ ciphers, cipherSuites }: TlsSettings): { ciphers?: string } {
  if (ciphers === null && cipherSuites === null) return {};
  const [suites, others] = [/^TLS_/, /^(?!TLS_)/].map((pattern) =>
    DEFAULT_CIPHERS.split(':')
      .filter((name) => pattern.test(name))
      .join(':'),
  );
  return { ciphers: [cipherSuites ?? suites, ciphers ?? others].join(':') };
}

function versionsOf(protocols: string): { minVersion: SecureVersion; maxVersion: SecureVersion } {
  const wanted = protocols.split(/[\s,]+/).filter((word) => word !== '');
  const known = VERSIONS.filter((version) =>
    wanted.some((word) => word.toLowerCase() === version.toLowerCase()),
  );
  const [minVersion] = known;
  const maxVersion = known.at(-1);
  if (minVersion === undefined || maxVersion === undefined || known.length !== new Set(wanted).size)
    throw new LookasideError('SERVER_LISTEN', `tls-protocols ${protocols}: known are ${VERSIONS.join(', ')}`);
  if (VERSIONS.indexOf(maxVersion) - VERSIONS.indexOf(minVersion) !== known.length - 1)
    throw new LookasideError(
      'SERVER_LISTEN',
      `tls-protocols ${protocols}: a version between them is left out`,
    );
  return { minVersion, maxVersion };
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new LookasideError('SERVER_LISTEN', `${path} cannot be read`, { cause });
  }
}

function contentsOf(folder: string): Buffer[] {
  try {
    return readdirSync(folder).map((name) => contentOf(join(folder, name)));
  } catch (cause) {
    throw new LookasideError('SERVER_LISTEN', `${folder} cannot be read`, { cause });
  }
}
