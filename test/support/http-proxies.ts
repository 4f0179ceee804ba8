/** Real proxies for HTTP/2, as people put them before a server, that take a stream for idle very soon. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** After so long without a byte a stream is cut, in milliseconds. */
const IDLE_MS = 300;

interface Kind {
  readonly command: (file: string, folder: string) => readonly string[];
  readonly settings: (port: number, server: string) => string;
}

const nginx: Kind = {
  command: (file, folder) => ['nginx', '-e', 'stderr', '-p', folder, '-c', file],
  settings: (port, server) => `daemon off; pid nginx.pid; error_log stderr; events {}
http {
  access_log off; client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port} http2;
    location / { grpc_pass grpc://${server}; grpc_read_timeout ${IDLE_MS}ms; grpc_send_timeout ${IDLE_MS}ms; }
  }
}`,
};

const haproxy: Kind = {
  command: (file) => ['haproxy', '-f', file],
  settings: (port, server) => `defaults
  mode http
  timeout connect 5s
  timeout client ${IDLE_MS}ms
  timeout server ${IDLE_MS}ms
frontend in
  bind 127.0.0.1:${port} proto h2
  default_backend out
backend out
  server tengen ${server} proto h2
`,
};

export const proxies = { nginx, haproxy } as const;

export interface HttpProxy {
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/** Starts a proxy before `server` (host:port); undefined if it is not installed. */
export async function startProxy(name: keyof typeof proxies, server: string): Promise<HttpProxy | undefined> {
  if (spawnSync(name, ['-v']).error) return undefined;
  const { command, settings } = proxies[name];
  const folder = mkdtempSync(join(tmpdir(), `tengen-${name}-`));
  const file = join(folder, 'settings');
  const port = await freePort();
  writeFileSync(file, settings(port, server));
  const [program = '', ...args] = command(file, folder);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const exit = once(child, 'exit');
  while (!(await accepts(port))) if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  } finally {
    socket.destroy();
  }
}
