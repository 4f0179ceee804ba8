/**
 * What each player owns beyond doubt, and what it seems to own: chains that no play of the opponent can take even if
 * their owner always passes (Benson, "Life in the game of Go", 1976), the regions that they hold, and by looser standards
 * the rest of the board, as KataGo shows it to its networks (cpp/game/board.cpp, "calculateArea"). In cells, see
 * `geometry.ts`.
 *
 * A region is a connected set of cells that hold no stone of the player. It is vital to a chain of the player if every
 * empty cell of it is a liberty of the chain; where suicide is allowed, if every cell of it is beside the chain. A chain
 * lives by two vital regions whose whole border lives too.
 */

import { MOST_CELLS, type Chains } from './chains.js';
import { BLACK, EMPTY, WHITE, type Color } from './color.js';
import type { Geometry, ReadonlyNumbers } from './geometry.js';

/** No board has more regions: cells of two of them are not neighbours. */
const MOST_REGIONS = 182;
/** A region's first cell has four neighbours, so it is vital to no more chains. */
const MOST_VITAL = 4;

// Scratch for one call at a time; nothing here waits.
/** Region of every cell, or −1. */
const regionOf = new Int16Array(MOST_CELLS);
/** The cells of all regions, one region behind the other; region r's begin at `begins[r]`. */
const members = new Uint16Array(361);
const begins = new Uint16Array(MOST_REGIONS + 1);
/** Heads of the chains that each region is vital to [regions, MOST_VITAL]. */
const vital = new Uint16Array(MOST_REGIONS * MOST_VITAL);
const vitalCount = new Uint8Array(MOST_REGIONS);
/** Cells of a region that have no stone of the player beside them, counted up to 2. */
const innerCells = new Uint8Array(MOST_REGIONS);
const holdsEnemy = new Uint8Array(MOST_REGIONS);
/** Whether every chain beside the region still counts as alive. */
const isHeld = new Uint8Array(MOST_REGIONS);
/** For heads: whether the chain still counts as alive, and the number of its vital regions that are held. */
const isAlive = new Uint8Array(MOST_CELLS);
const eyes = new Uint8Array(MOST_CELLS);
const heads = new Uint16Array(361);

/**
 * Writes who owns each cell beyond doubt into `out` [cells], 0 nobody, 1 black, 2 white: pass-alive chains and the regions
 * that they hold with at most one inner cell. Stones of the other color in such a region are dead.
 *
 * @param suicide whether a play may remove its own chain
 */
export function passAliveInto(
  geometry: Geometry,
  stones: ReadonlyNumbers,
  chains: Chains,
  suicide: boolean,
  out: Uint8Array,
): void {
  out.fill(EMPTY, 0, geometry.cells);
  for (const color of [BLACK, WHITE] as const) {
    const regions = analyse(geometry, stones, chains, color, suicide);
    markAlive(geometry, stones, chains, color, out);
    for (let region = 0; region < regions; region++) if (isCertain(region)) mark(region, color, out);
  }
}

/**
 * Writes who owns each cell into `out` [cells] by the looser standard of area scoring: as `passAliveInto`, then empty
 * regions that touch one color alone, then every other stone its own color.
 */
export function ownersInto(
  geometry: Geometry,
  stones: ReadonlyNumbers,
  chains: Chains,
  suicide: boolean,
  out: Uint8Array,
): void {
  out.fill(EMPTY, 0, geometry.cells);
  for (const color of [BLACK, WHITE] as const) {
    const regions = analyse(geometry, stones, chains, color, suicide);
    markAlive(geometry, stones, chains, color, out);
    for (let region = 0; region < regions; region++) {
      const isEmpty = holdsEnemy[region] === 0;
      // What is certain overrides what the other color only seemed to own: a dead chain may surround empty cells.
      if (isCertain(region) || (isEmpty && isHeld[region] !== 0)) mark(region, color, out);
      else if (isEmpty) markUnowned(region, color, out);
    }
  }
  const { points, cellOf } = geometry;
  for (let point = 0; point < points; point++) {
    const cell = cellOf[point]!;
    if (out[cell] === EMPTY) out[cell] = stones[cell]!;
  }
}

/** Finds the regions of `color` and which of its chains live; returns the number of regions, none if it has no stone. */
function analyse(geometry: Geometry, stones: ReadonlyNumbers, chains: Chains, color: Color, suicide: boolean): number {
  const { points, cellOf } = geometry;
  let chainCount = 0;
  for (let point = 0; point < points; point++) {
    const cell = cellOf[point]!;
    if (stones[cell] === color && chains.head[cell] === cell) heads[chainCount++] = cell;
  }
  if (chainCount === 0) return 0;
  const regions = findRegions(geometry, stones, chains, color, suicide);
  findAlive(geometry, stones, chains, chainCount, regions);
  return regions;
}

function findRegions(
  { points, cells, stride, cellOf }: Geometry,
  stones: ReadonlyNumbers,
  { head }: Chains,
  color: Color,
  suicide: boolean,
): number {
  regionOf.fill(-1, 0, cells);
  let count = 0;
  let length = 0;
  for (let point = 0; point < points; point++) {
    const start = cellOf[point]!;
    // A region without an empty cell would be an enemy chain without liberties.
    if (stones[start] !== EMPTY || regionOf[start] !== -1) continue;
    const region = count++;
    begins[region] = length;
    innerCells[region] = holdsEnemy[region] = 0;
    isHeld[region] = 1;
    vitalCount[region] = listChainsBeside(start, stride, stones, head, color, region * MOST_VITAL);
    regionOf[start] = region;
    members[length++] = start;
    for (let next = begins[region]; next < length; next++) {
      const cell = members[next]!;
      if (stones[cell] !== EMPTY) holdsEnemy[region] = 1;
      if (vitalCount[region] !== 0 && (suicide || stones[cell] === EMPTY)) {
        dropChainsNotBeside(cell, stride, stones, head, color, region);
      }
      let isInner = true;
      for (let i = 0; i < 4; i++) {
        const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
        const stone = stones[neighbour]!;
        if (stone === color) isInner = false;
        else if (stone < 3 && regionOf[neighbour] === -1) {
          regionOf[neighbour] = region;
          members[length++] = neighbour;
        }
      }
      if (isInner && innerCells[region] < 2) innerCells[region]++;
    }
  }
  begins[count] = length;
  return count;
}

/** Lists the chains of `color` beside a cell in `vital` from `offset`; returns how many. */
function listChainsBeside(
  cell: number,
  stride: number,
  stones: ReadonlyNumbers,
  head: Uint16Array,
  color: Color,
  offset: number,
): number {
  let count = 0;
  for (let i = 0; i < 4; i++) {
    const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
    if (stones[neighbour] !== color) continue;
    let listed = false;
    for (let j = 0; j < count; j++) listed ||= vital[offset + j] === head[neighbour];
    if (!listed) vital[offset + count++] = head[neighbour]!;
  }
  return count;
}

/** Takes off a region's list of vital chains those that are not beside `cell`. */
function dropChainsNotBeside(
  cell: number,
  stride: number,
  stones: ReadonlyNumbers,
  head: Uint16Array,
  color: Color,
  region: number,
): void {
  const offset = region * MOST_VITAL;
  const before = vitalCount[region]!;
  let kept = 0;
  for (let i = 0; i < before; i++) {
    const chain = vital[offset + i]!;
    const isBeside = (neighbour: number): boolean => stones[neighbour] === color && head[neighbour] === chain;
    if (isBeside(cell - stride) || isBeside(cell - 1) || isBeside(cell + 1) || isBeside(cell + stride)) {
      vital[offset + kept++] = chain;
    }
  }
  vitalCount[region] = kept;
}

/** Benson's iteration: a chain with fewer than two eyes does not live, and what it borders holds nobody else up. */
function findAlive(
  { points, stride, cellOf }: Geometry,
  stones: ReadonlyNumbers,
  { head }: Chains,
  count: number,
  regions: number,
): void {
  const color = stones[heads[0]!];
  for (let i = 0; i < count; i++) {
    isAlive[heads[i]!] = 1;
    eyes[heads[i]!] = 0;
  }
  for (let region = 0; region < regions; region++) addEyes(region, 1);
  let left = count;
  for (let killed = killShortOfEyes(count); killed > 0; killed = killShortOfEyes(count)) {
    left -= killed;
    // Every region is beside a chain.
    if (left === 0) {
      isHeld.fill(0, 0, regions);
      return;
    }
    for (let point = 0; point < points; point++) {
      const cell = cellOf[point]!;
      if (stones[cell] !== color || isAlive[head[cell]!] !== 0) continue;
      for (let j = 0; j < 4; j++) {
        const neighbour = j === 0 ? cell - stride : j === 1 ? cell - 1 : j === 2 ? cell + 1 : cell + stride;
        const region = regionOf[neighbour]!;
        if (region < 0 || isHeld[region] === 0) continue;
        isHeld[region] = 0;
        addEyes(region, -1);
      }
    }
  }
}

/** Gives up the chains with fewer than two eyes; returns how many. */
function killShortOfEyes(count: number): number {
  let killed = 0;
  for (let i = 0; i < count; i++) {
    const chain = heads[i]!;
    if (isAlive[chain] === 0 || eyes[chain]! >= 2) continue;
    isAlive[chain] = 0;
    killed++;
  }
  return killed;
}

function addEyes(region: number, by: number): void {
  for (let i = 0; i < vitalCount[region]!; i++) eyes[vital[region * MOST_VITAL + i]!]! += by;
}

function isCertain(region: number): boolean {
  return isHeld[region] !== 0 && innerCells[region]! <= 1;
}

function markAlive(
  { points, cellOf }: Geometry,
  stones: ReadonlyNumbers,
  { head }: Chains,
  color: Color,
  out: Uint8Array,
): void {
  for (let point = 0; point < points; point++) {
    const cell = cellOf[point]!;
    if (stones[cell] === color && isAlive[head[cell]!] !== 0) out[cell] = color;
  }
}

function mark(region: number, color: Color, out: Uint8Array): void {
  for (let i = begins[region]!; i < begins[region + 1]!; i++) out[members[i]!] = color;
}

function markUnowned(region: number, color: Color, out: Uint8Array): void {
  for (let i = begins[region]!; i < begins[region + 1]!; i++) {
    if (out[members[i]!] === EMPTY) out[members[i]!] = color;
  }
}
