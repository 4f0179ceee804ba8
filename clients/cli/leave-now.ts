/** Ends this process without waiting for anything. */

/**
 * Dies of SIGINT (130 in a shell), after what listens for the end of the process has run. `process.exit` would terminate
 * the threads first, and ONNX Runtime's binding aborts the process when its thread goes during a run.
 */
export function leaveNow(): void {
  process.emit('exit', 130);
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}
