/** Decides how the address of one server of several is written: `'host:port'`, or host and port apart. */
import { z } from 'zod';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const FORMAT = "must be an address like 'host:26379', '[::1]:26379' or { host, port }";

/** Null when it is no such address. */
export function parseEndpoint(text: string): Endpoint | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(text);
  const port = Number(found?.[3]);
  const host = found?.[1] ?? found?.[2];
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : null;
}

const isEndpoint = (value: unknown): boolean =>
  typeof value === 'string'
    ? parseEndpoint(value) !== null
    : typeof value === 'object' &&
      value !== null &&
      Object.keys(value).every((key) => key === 'host' || key === 'port') &&
      parseEndpoint(textOf(value)) !== null;

const textOf = ({ host, port }: Partial<Endpoint>): string =>
  `${String(host).includes(':') ? `[${String(host)}]` : String(host)}:${String(port)}`;

export const endpoint = z
  .custom<string | Endpoint>(isEndpoint, FORMAT)
  .transform((value) => (typeof value === 'string' ? (parseEndpoint(value) as Endpoint) : value)); // just seen to be one

export const endpoints = (what: string) =>
  z
    .array(endpoint, `must be a list of addresses of ${what}`)
    .min(1, `must have the address of at least one of the ${what}`);

/** Addresses as servers announce them, to where they are reached. */
export const natMap = z.record(
  z.string().refine((address) => parseEndpoint(address) !== null, FORMAT),
  endpoint,
  'must be addresses by address',
);
