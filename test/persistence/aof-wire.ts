/** Gathers from the compat suites what the tests of files use as well. */
export type { CommandArgs } from '../compat/commands.js';
export { withoutTimes } from '../compat/streams.js';
export { converseInCommands, type Endpoint, encode, type Tree } from '../compat/wire.js';
