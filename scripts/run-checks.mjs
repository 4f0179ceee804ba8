// Runs checks one after another. The build is the gate: what comes after it uses dist, so a failed build ends the run.
import { spawnSync } from 'node:child_process';

/** Runs one command to its end with this process's output; returns whether it succeeded. */
export function succeeds([command, ...args]) {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

/**
 * Runs `checks` in their order, each [name, [command, …arguments]], and says how each went.
 *
 * Returns how many passed and failed, and whether the check named `gate` failed, after which no other was run.
 */
export function runChecks(checks, gate, run = succeeds, say = console.log) {
  const result = { passed: 0, failed: 0, stopped: false };
  for (const [name, command] of checks) {
    const started = Date.now();
    const isOk = run(command);
    say(`${isOk ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    result[isOk ? 'passed' : 'failed']++;
    if (!isOk && name === gate) {
      say(`stopped: what comes after '${gate}' needs what it makes`);
      return { ...result, stopped: true };
    }
  }
  return result;
}
