/** Where the time of a step went, as a table: a row for each rank, a group of columns for each micro-step. */

import type { MicroStepTime } from '../../../src/proto/tengen/v1/job.js';
import { formatTable } from '../../shared/table.js';

/** Micro-steps with columns of their own; the others are summed up. */
const SHOWN = 4;

/**
 * `local+waiting+distributed` in milliseconds for each rank and micro-step, and the sums.
 *
 * @param width columns of the terminal; as many micro-steps are shown as fit
 */
export function rankTimesTable(times: readonly MicroStepTime[], width = 100): string {
  const ranks = [...new Set(times.map(({ rank }) => rank))].sort((a, b) => a - b);
  const steps = Math.max(0, ...times.map(({ microStep }) => microStep + 1));
  const fitting = Math.max(0, Math.floor((width - 40) / 18));
  const shown = Math.min(steps, SHOWN, fitting);
  const heads = Array.from({ length: shown }, (_, i) => `STEP ${i}`);
  const rest = steps > shown ? [`${steps - shown} MORE`] : [];
  const rows = ranks.map((rank) => {
    const mine = times.filter((time) => time.rank === rank);
    const columns = Array.from({ length: shown }, (_, i) => mine.filter(({ microStep }) => microStep === i));
    const others = steps > shown ? [mine.filter(({ microStep }) => microStep >= shown)] : [];
    return [String(rank), ...[...columns, ...others, mine].map(describe)];
  });
  return formatTable(['RANK', ...heads, ...rest, 'LOCAL+WAIT+DIST ms'], rows);
}

function describe(times: readonly MicroStepTime[]): string {
  if (times.length === 0) return '–';
  const sum = (value: (time: MicroStepTime) => number): string => {
    const total = times.reduce((all, time) => all + value(time), 0);
    return total.toFixed(total < 10 ? 1 : 0);
  };
  return `${sum(({ localMs }) => localMs)}+${sum(({ waitingMs }) => waitingMs)}+${sum(({ distributedMs }) => distributedMs)}`;
}
