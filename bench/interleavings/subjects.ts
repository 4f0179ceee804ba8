/** What is tried. */

import { batches } from './batches.js';
import type { Subject } from './explore.js';
import { jobTakeUp } from './job-take-up.js';
import { leases } from './leases.js';
import { promotion } from './promotion.js';
import { uploads } from './uploads.js';

export const subjects: readonly Subject[] = [leases, batches, promotion, jobTakeUp, uploads];
