/** The files of the page, as `npm run build` leaves them in dist/page: read once, served from memory. */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { AppError } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

interface PageFile {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly etag: string;
}

export class PageFiles {
  readonly #files: ReadonlyMap<string, PageFile>;

  private constructor(files: ReadonlyMap<string, PageFile>) {
    this.#files = files;
  }

  /** Reads a folder; one that is missing has no files. */
  static async read(folder: string): Promise<PageFiles> {
    const files = new Map<string, PageFile>();
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names) {
      const type = types[extname(name)];
      if (type === undefined) continue;
      const bytes = await readFile(join(folder, name));
      files.set(name, { bytes, type, etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"` });
    }
    return new PageFiles(files);
  }

  /** Answers `GET /` and `GET /NAME`. @throws AppError 'not-found' */
  serve(path: string, request: IncomingMessage, response: ServerResponse): void {
    const file = this.#files.get(path === '/' ? 'index.html' : path.slice(1));
    if (!file) {
      const why =
        this.#files.size === 0 ? 'The page is not built; run npm run build' : `There is no ${quoted(path)} here`;
      throw new AppError('not-found', why);
    }
    const headers = { ...securityHeaders, etag: file.etag, 'cache-control': 'no-cache' };
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': file.type, 'content-length': file.bytes.length });
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  }
}
