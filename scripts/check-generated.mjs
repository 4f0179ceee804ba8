// Fails unless src/proto is what `npm run generate` makes of proto/.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fresh = mkdtempSync(join(tmpdir(), 'tengen-proto-'));
try {
  const { status } = spawnSync(join('node_modules', '.bin', 'buf'), ['generate', '--output', fresh], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
  const files = (root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort();
  const made = files(join(fresh, 'src/proto'));
  const committed = files('src/proto');
  const stale = [...new Set([...made, ...committed])].filter((file) => {
    if (!made.includes(file) || !committed.includes(file)) return true;
    return readFileSync(join(fresh, 'src/proto', file), 'utf8') !== readFileSync(join('src/proto', file), 'utf8');
  });
  for (const file of stale) console.error(`src/proto/${file} is not what proto/ generates; run npm run generate`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} finally {
  rmSync(fresh, { recursive: true });
}
