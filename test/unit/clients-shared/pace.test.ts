import { describe, expect, it } from 'vitest';
import { PaceMeter } from '../../../clients/shared/pace.js';

/** What settles at a server that evaluates `capacity` positions in `batchMs`, a way of `wayMs` there and back away. */
function settled(capacity: number, batchMs: number, wayMs: number): { inFlight: number; atServer: number } {
  const meter = new PaceMeter();
  let inFlight = 1;
  for (let answer = 0; answer < 300; answer++) {
    // Beyond its capacity the server has a queue, and by Little's law the answers take as long as the queue is long.
    const serverMs = Math.max(batchMs, (inFlight / capacity) * batchMs - wayMs);
    meter.add({ elapsedMs: wayMs + serverMs, serverMs, capacity, positions: capacity });
    inFlight = meter.pace!.inFlight;
  }
  const serverMs = Math.max(batchMs, (inFlight / capacity) * batchMs - wayMs);
  return { inFlight, atServer: (inFlight * serverMs) / (wayMs + serverMs) };
}

describe('the pace of a server', () => {
  it('is unknown before the first answer, and without a capacity', () => {
    const meter = new PaceMeter();
    meter.add({ elapsedMs: 10, serverMs: 5, capacity: 0, positions: 1 });
    expect(meter.pace).toBeUndefined();
  });

  it.each([
    ['next door', 32, 20, 0.3],
    ['25 ms away', 32, 20, 50],
    ['100 ms away', 32, 20, 200],
    ['with sixteen threads', 256, 10, 1],
  ])('fills a server %s', (_, capacity, batchMs, wayMs) => {
    const { atServer } = settled(capacity, batchMs, wayMs);
    expect(atServer).toBeGreaterThanOrEqual(capacity);
    expect(atServer).toBeLessThan(2 * capacity);
  });

  it('takes the way to be as short as the shortest of the last answers', () => {
    const meter = new PaceMeter();
    meter.add({ elapsedMs: 30, serverMs: 10, capacity: 32, positions: 16 });
    meter.add({ elapsedMs: 90, serverMs: 10, capacity: 32, positions: 16 });
    expect(meter.wayMs).toBe(20);
    for (let answer = 0; answer < 64; answer++) meter.add({ elapsedMs: 60, serverMs: 10, capacity: 32, positions: 16 });
    expect(meter.wayMs).toBe(50);
    expect(meter.speed).toBeCloseTo(1.6);
  });
});
