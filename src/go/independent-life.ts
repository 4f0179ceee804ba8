/**
 * Which of the points that a player owns belong to groups that live by themselves, and not in seki: what a tax on seki
 * leaves. As KataGo decides it (cpp/game/board.cpp, "calculateIndependentLifeArea"): an area that touches an empty point
 * nobody owns, or that has a stone of its owner in atari, is in seki. In cells, see `geometry.ts`.
 */

import { MOST_CELLS, type Chains } from './chains.js';
import { EMPTY } from './color.js';
import type { Geometry, ReadonlyNumbers } from './geometry.js';

// Scratch for one call at a time; nothing here waits.
const isSeki = new Uint8Array(MOST_CELLS);
const queue = new Uint16Array(361);

/**
 * Writes the owner of every cell that is not in seki into `out` [cells], and 0 elsewhere; stones in seki are given to
 * their color as well, since they count under area scoring as under territory scoring less the stones played.
 *
 * @param owners who owns each cell, seki or not [cells]: 0 nobody, 1 black, 2 white
 * @returns the number of Black's independent areas less White's
 */
export function independentLifeInto(
  geometry: Geometry,
  stones: ReadonlyNumbers,
  chains: Chains,
  owners: Uint8Array,
  out: Uint8Array,
): number {
  const { cells, cellOf } = geometry;
  isSeki.fill(0, 0, cells);
  for (const cell of cellOf) {
    if (owners[cell] === EMPTY || isSeki[cell] !== 0) continue;
    const inAtari = stones[cell] === owners[cell] && chains.liberties[chains.head[cell]!] === 1;
    if (inAtari || touchesDame(geometry, stones, owners, cell)) spread(geometry, owners, cell, isSeki, 1);
  }
  out.fill(EMPTY, 0, cells);
  let balance = 0;
  for (const cell of cellOf) {
    const owner = owners[cell]!;
    if (owner === EMPTY || isSeki[cell] !== 0 || out[cell] !== EMPTY) continue;
    balance += owner === 1 ? 1 : -1;
    spread(geometry, owners, cell, out, owner);
  }
  for (const cell of cellOf) if (stones[cell] !== EMPTY && stones[cell] === owners[cell]) out[cell] = stones[cell]!;
  return balance;
}

function touchesDame({ stride }: Geometry, stones: ReadonlyNumbers, owners: Uint8Array, cell: number): boolean {
  for (let i = 0; i < 4; i++) {
    const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
    if (stones[neighbour] === EMPTY && owners[neighbour] === EMPTY) return true;
  }
  return false;
}

/** Writes `value` over the connected cells of one owner around `start`. */
function spread({ stride }: Geometry, owners: Uint8Array, start: number, out: Uint8Array, value: number): void {
  const owner = owners[start];
  let length = 1;
  queue[0] = start;
  out[start] = value;
  for (let next = 0; next < length; next++) {
    const cell = queue[next]!;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      if (owners[neighbour] !== owner || out[neighbour] === value) continue;
      out[neighbour] = value;
      queue[length++] = neighbour;
    }
  }
}
