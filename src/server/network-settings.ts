/** Decides where a server of its own listens, and what of its process can be set. Knows no parameter's name. */

/** Where a server of its own listens; a server in a process is told by `listen`. */
export interface NetworkSettings {
  port: number;
  tlsPort: number;
  /** Addresses; one with a minus before it may be lacking. */
  bind: string[];
  unixSocket: string | null;
  unixSocketMode: number;
  backlog: number;
  /** 0 is never. */
  keepAliveSeconds: number;
  /** A client that is idle for longer is hung up on; 0 is never. */
  idleSecondsMax: number;
  /** Without a password, whoever is not on this machine is refused. */
  isProtected: boolean;
  readonly tls: TlsSettings;
}

export interface TlsSettings {
  certFile: string | null;
  keyFile: string | null;
  keyPassword: string | null;
  caFile: string | null;
  caFolder: string | null;
  dhParametersFile: string | null;
  protocols: string | null;
  ciphers: string | null;
  cipherSuites: string | null;
  prefersServerCiphers: boolean;
  clientCertificates: 'yes' | 'no' | 'optional';
}

export interface ProcessSettings {
  logLevel: 'debug' | 'verbose' | 'notice' | 'warning';
  /** Empty: standard output. */
  logFile: string;
  pidFile: string;
  isDaemon: boolean;
}

export function networkDefaults(): NetworkSettings {
  return {
    port: 6379,
    tlsPort: 0,
    bind: ['127.0.0.1', '-::1'],
    unixSocket: null,
    unixSocketMode: 0o600,
    backlog: 511,
    keepAliveSeconds: 300,
    idleSecondsMax: 0,
    isProtected: true,
    tls: {
      certFile: null,
      keyFile: null,
      keyPassword: null,
      caFile: null,
      caFolder: null,
      dhParametersFile: null,
      protocols: null,
      ciphers: null,
      cipherSuites: null,
      prefersServerCiphers: false,
      clientCertificates: 'yes',
    },
  };
}
