/**
 * What some tests need and not every machine has. Where it is missing they are skipped with a word, unless
 * TENGEN_TEST_REQUIRE names it (names with commas between): then they fail, so that a machine that is meant to run every
 * test cannot lose one unnoticed.
 */

/** By name, what a test says that has to do without. */
const words = {
  chromium: '/usr/bin/chromium is not installed',
  collections: 'TENGEN_SGF_FOLDERS names no folders with SGF files',
  gnugo: 'gnugo is not installed (apt install gnugo)',
  grpc: 'python3-grpcio and python3-grpc-tools are not installed',
  mount: 'mounting a disk is not permitted here',
  namespaces: 'this system gives programs no namespaces of their own',
  openssl: 'openssl is not there to make a certificate',
  shared: 'the folder ../shared with networks of KataGo is missing',
  strace: 'strace is not installed or not permitted here',
  torch: 'python3-torch, python3-grpcio and python3-grpc-tools are not installed',
  websocket: 'python3-websocket is not installed',
} as const;

/** The name of something that a test needs. */
export type Need = keyof typeof words;

/** The environment of the tests, as far as it matters here. */
export type NeedsEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Whether tests that need something are to be skipped; what is missing is said once a call.
 *
 * @throws Error if it is missing and required, or if something is required that has no name here
 */
export function isMissing(need: Need, isThere: boolean, env: NeedsEnvironment = process.env): boolean {
  const required = (env['TENGEN_TEST_REQUIRE'] ?? '').split(',').filter(Boolean);
  const unknown = required.find((name) => !Object.hasOwn(words, name));
  if (unknown !== undefined) {
    throw new Error(`TENGEN_TEST_REQUIRE names '${unknown}'; known are ${Object.keys(words).join(', ')}`);
  }
  if (isThere) return false;
  if (required.includes(need)) throw new Error(`TENGEN_TEST_REQUIRE names '${need}', and ${words[need]}`);
  console.warn(`skipped: ${words[need]}`);
  return true;
}

/**
 * Skips the test that asks, for want of what it needs.
 *
 * @param skip of the test's context
 * @throws Error if it is required; else what `skip` throws
 */
export function skipWithout(need: Need, skip: (why: string) => never, env: NeedsEnvironment = process.env): never {
  isMissing(need, false, env);
  return skip(words[need]);
}
