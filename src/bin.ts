#!/usr/bin/env node
/** Decides what the program `lookaside` understands. What each command does is in src/cli. */
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { doctorCommand } from './cli/doctor.js';
import { checkDumpCommand, dumpInfoCommand } from './cli/dump.js';
import { explainCommand } from './cli/explain.js';
import { serveCommand } from './cli/serve.js';
import { LookasideError } from './errors.js';

const program = new Command('lookaside')
  .description('Cache-aside for application databases, on a Redis-compatible server of its own.')
  .version(packageVersion(), '-v, --version')
  .showSuggestionAfterError()
  .showHelpAfterError()
  .addCommand(serveCommand())
  .addCommand(doctorCommand())
  .addCommand(explainCommand())
  .addCommand(checkDumpCommand())
  .addCommand(dumpInfoCommand());

program.parseAsync().catch((error: unknown) => {
  // A mistake of the user's is told in its own words; anything else is a bug, told with its trace.
  console.error(error instanceof LookasideError ? `lookaside: ${error.message} (${error.code})` : error);
  process.exitCode = 1;
});

/** The version of the package this file is in; above it stands at least one package.json without a name. */
function packageVersion(): string {
  let folder = dirname(realpathSync(process.argv[1] ?? '.'));
  for (;;) {
    const manifest = readManifest(folder);
    if (manifest?.name === 'lookaside' && manifest.version !== undefined) return manifest.version;
    if (dirname(folder) === folder) return 'of an unknown version';
    folder = dirname(folder);
  }
}

function readManifest(folder: string): { readonly name?: string; readonly version?: string } | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name?: string;
      version?: string;
    };
  } catch {
    return null; // no package.json here: the next one up
  }
}
