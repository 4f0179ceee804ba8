/** A check: its name, and a command with its arguments. */
export type Check = readonly [name: string, command: readonly string[]];

export function succeeds(command: readonly string[]): boolean;
export function runChecks(
  checks: readonly Check[],
  gate: string,
  run?: (command: readonly string[]) => boolean,
  say?: (line: string) => void,
): { readonly passed: number; readonly failed: number; readonly stopped: boolean };
