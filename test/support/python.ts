import { spawnSync } from 'node:child_process';

/** A Python that has gRPC and its code generator: the system's own, or the first on PATH. Undefined if there is none. */
export function pythonWithGrpc(): string | undefined {
  return pythonWith('grpc, grpc_tools');
}

/** One that has PyTorch as well, with the collective operations of gloo. */
export function pythonWithTorch(): string | undefined {
  return pythonWith('grpc, grpc_tools, torch; assert torch.distributed.is_available()');
}

function pythonWith(modules: string): string | undefined {
  return ['/usr/bin/python3', 'python3'].find((python) => spawnSync(python, ['-c', `import ${modules}`]).status === 0);
}
