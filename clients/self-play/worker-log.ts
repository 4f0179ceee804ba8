/** What a worker says as it goes. */

/** Where its events go: an event name and its fields. */
export type WorkerLog = (event: string, fields: Readonly<Record<string, unknown>>) => void;
