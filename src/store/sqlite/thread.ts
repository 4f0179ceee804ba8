/** The code of the thread that owns the database: answers each batch of calls with their outcomes. */

import { sendError } from '../../threads/messages.js';
import { serve } from '../../threads/serve.js';
import { Database } from './database.js';
import type { DatabaseCalls, DatabaseStart } from './executor.js';
import { carryOut, openOperations } from './operations.js';

await serve<DatabaseStart, DatabaseCalls>(({ path, options }) => {
  const db = new Database(path, options);
  const operations = openOperations(db);
  return {
    calls: {
      run: (calls) =>
        carryOut(db, operations, calls).map((outcome) =>
          'error' in outcome ? { error: sendError(outcome.error) } : outcome,
        ),
    },
    release() {
      db.close();
      return Promise.resolve();
    },
  };
});
