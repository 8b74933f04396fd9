/** Decides how servers of tests speak TLS only: a certificate of their own, and the lines that make them use it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificate {
  readonly keyFile: string;
  readonly certificateFile: string;
  /** The certificate itself: nobody else vouches for it. */
  readonly ca: string;
  remove(): Promise<void>;
}

/** For 127.0.0.1 and localhost, by openssl. */
export async function createCertificate(): Promise<Certificate> {
  const directory = await mkdtemp(join(tmpdir(), 'lookaside-tls-'));
  const [keyFile, certificateFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const files = ['-keyout', keyFile, '-out', certificateFile];
  await promisify(execFile)('openssl', [...request.split(' '), ...names, ...files]);
  return {
    keyFile,
    certificateFile,
    ca: await readFile(certificateFile, 'utf8'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Nothing is said in the clear: not to clients, not among themselves. */
export const tlsLines = (
  { keyFile, certificateFile }: Certificate,
  { port, isCluster }: { readonly port: number; readonly isCluster: boolean },
): readonly string[] => [
  'port 0',
  `tls-port ${port}`,
  `tls-cert-file ${certificateFile}`,
  `tls-key-file ${keyFile}`,
  `tls-ca-cert-file ${certificateFile}`,
  'tls-auth-clients no',
  'tls-replication yes',
  ...(isCluster ? ['tls-cluster yes'] : []),
];
