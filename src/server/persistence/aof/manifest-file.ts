/**
 * Decides how the manifest is found and replaced, and how a file from before Redis 7.0 becomes the first base of one.
 * Knows nothing of what the files say. (Redis: `aof.c`, persistAofManifest and aofUpgradePrepare.)
 */
import { replaceFile } from '../block-files.js';
import { type Files, syncFolder } from '../files.js';
import { brokenAof } from './load.js';
import {
  type AofManifest,
  ManifestError,
  manifestName,
  manifestText,
  parseManifest,
  withoutHistory,
} from './manifest.js';

export interface AofPlace {
  /** Where the folder is, and where a file from before 7.0 may be. */
  readonly parent: string;
  /** `appenddirname` within it. */
  readonly folder: string;
  /** `appendfilename`. */
  readonly fileName: string;
}

/** Null if there is none. @throws LookasideError `LOOKASIDE_FILE_BROKEN` */
export async function readManifest(files: Files, place: AofPlace): Promise<AofManifest | null> {
  const path = `${place.folder}/${manifestName(place.fileName)}`;
  const size = await files.size(path);
  if (size === null) return null;
  const bytes = Buffer.alloc(size);
  const file = await files.open(path, 'read');
  try {
    for (let at = 0; at < size; ) {
      const count = await files.read(file, bytes, at, size - at, at);
      if (count === 0) break;
      at += count;
    }
  } finally {
    await files.close(file);
  }
  try {
    return parseManifest(bytes.toString());
  } catch (error) {
    throw error instanceof ManifestError ? brokenAof(path, null, error.message) : error;
  }
}

export async function writeManifest(files: Files, place: AofPlace, manifest: AofManifest): Promise<void> {
  const name = manifestName(place.fileName);
  await replaceFile(files, { folder: place.folder, name, temporary: `temp-${name}` }, async (file) => {
    file.write(Buffer.from(manifestText(manifest)));
  });
}

/** Removes what the manifest says is history. What cannot be removed now will be at the next time. */
export async function removeHistory(
  files: Files,
  place: AofPlace,
  manifest: AofManifest,
): Promise<AofManifest> {
  if (manifest.history.length === 0) return manifest;
  for (const { name } of manifest.history) await files.remove(`${place.folder}/${name}`);
  const rest = withoutHistory(manifest);
  await writeManifest(files, place, rest);
  return rest;
}

/** A single file of an earlier version becomes the base. Null if there is none. */
export async function upgradeSingleFile(files: Files, place: AofPlace): Promise<AofManifest | null> {
  const old = `${place.parent}/${place.fileName}`;
  if ((await files.size(old)) === null) return null;
  await files.makeFolder(place.folder);
  const manifest: AofManifest = {
    base: { name: place.fileName, sequence: 1 },
    incrs: [],
    history: [],
  };
  // The manifest first: should it end here, the old file is still where it is looked for (aofUpgradePrepare).
  await writeManifest(files, place, manifest);
  await files.rename(old, `${place.folder}/${place.fileName}`);
  await syncFolder(files, place.folder);
  await syncFolder(files, place.parent);
  return manifest;
}
