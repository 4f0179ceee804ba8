/** What is tried. */

import type { Subject } from './explore.js';
import { jobTakeUp } from './job-take-up.js';
import { leases } from './leases.js';
import { promotion } from './promotion.js';
import { uploads } from './uploads.js';

export const subjects: readonly Subject[] = [leases, promotion, jobTakeUp, uploads];
