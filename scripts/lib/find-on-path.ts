/** Decides which file a program's name stands for. Runs nothing. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export function findOnPath(name: string, environment: NodeJS.ProcessEnv = process.env): string | null {
  const candidates = (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // the question asked, not a failure
  }
}
