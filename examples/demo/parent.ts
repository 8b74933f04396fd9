/** Decides how a process of the demo stands to the one that started it: what it was given, and that it ends with it. */

/** The parent's Ctrl-C reaches the whole terminal; the parent decides what happens then, in its order. */
export function endWithParent(): void {
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit());
}

/** What the parent gave as the only argument, in JSON. */
export function argumentsFromParent(): unknown {
  const given = process.argv[2];
  if (given === undefined || process.send === undefined)
    throw new Error('This program is a part of the demo: it is started by examples/demo/main.ts');
  return JSON.parse(given);
}

export function tellParent(message: object): void {
  process.send?.(message);
}

/** The end of a process whose work cannot go on. The parent sees that it ended; people read why. */
export function failed(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
