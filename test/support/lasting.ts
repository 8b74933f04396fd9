/** Decides nothing: how long something that is done to servers or processes lasts. No test may wait to make something true. */
export const lasting = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
