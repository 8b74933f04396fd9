/** Decides in which shape statements of ours are run and answered, whatever the driver. */

/** Runs one statement without parameters and gives its rows; every value is text or null. */
export type TextQuery = (sql: string) => Promise<readonly Readonly<Record<string, string | null>>[]>;
