/** The code of a pool's thread: calls functions of modules. */

import { serve } from './serve.js';

type Functions = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

/** What a pool's thread is asked. */
export interface ModuleCalls {
  /** @param module URL; its code is loaded before the call begins, which is said */
  call(module: string, name: string, args: readonly unknown[]): Promise<unknown>;
}

await serve<undefined, ModuleCalls, 'begins'>((_start, tell) => ({
  calls: {
    async call(module, name, args) {
      const functions = (await import(module)) as Functions;
      tell('begins');
      return functions[name]!(...args);
    },
  },
  release: () => Promise.resolve(),
}));
