import { spawnSync } from 'node:child_process';

/** A Python that has gRPC and its code generator: the system's own, or the first on PATH. Undefined if there is none. */
export function pythonWithGrpc(): string | undefined {
  return ['/usr/bin/python3', 'python3'].find(
    (python) => spawnSync(python, ['-c', 'import grpc, grpc_tools']).status === 0,
  );
}
