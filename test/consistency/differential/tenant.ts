/** Decides nothing: the role that cases take up. A role is there for all of a server, and so each process has its own. */
export const tenant = `differential_tenant_${process.pid}`;
