import { describe, expect, it } from 'vitest';
import { Chains, findChains } from '../../../src/go/chains.js';
import { independentLifeInto } from '../../../src/go/independent-life.js';
import { ownersInto, passAliveInto } from '../../../src/go/pass-alive.js';
import { diagram } from '../../support/diagram.js';

type Owners = 'pass-alive' | 'owners' | 'independent';

/** A picture of who owns each point. */
function owned(kind: Owners, picture: string, suicide = false): string[] {
  const { board, size } = diagram(picture).position;
  const { geometry, stones } = board;
  const chains = new Chains();
  findChains(geometry, stones, chains);
  const out = new Uint8Array(421);
  (kind === 'pass-alive' ? passAliveInto : ownersInto)(geometry, stones, chains, suicide, out);
  if (kind === 'independent') independentLifeInto(geometry, stones, chains, Uint8Array.from(out), out);
  const marks = [...geometry.cellOf].map((cell) => '.XO'[out[cell]!]!).join('');
  return Array.from({ length: size }, (_, row) => marks.slice(row * size, (row + 1) * size));
}

const twoEyes = `
  . X . X .
  X X X X X
  . . . . .
  . . . . .
  . . . . .
`;
const sharedEye = `
  . X . O .
  X X . O O
  O O O O .
  . . . . .
  . . . . .
`;
// Black's corner stones have one eye of their own and two liberties shared with White.
const seki = `
  . X . O . O
  X X . O O O
  O O O O . .
  O O O O O O
  . . . . . .
  . . . . . .
`;

describe('pass-alive areas', () => {
  it('are chains with two eyes of their own, and the eyes', () => {
    expect(owned('pass-alive', twoEyes)).toEqual(['XXXXX', 'XXXXX', '.....', '.....', '.....']);
  });

  it('may share an eye, and fall together where one chain has no other', () => {
    const shared = (corner: string): string => `
      . X . X ${corner}
      X X . X X
      X X X O O
      O O O O .
      . . . . .
    `;
    expect(owned('pass-alive', shared('.'))).toEqual(['XXXXX', 'XXXXX', 'XXX..', '.....', '.....']);
    expect(owned('pass-alive', shared('X')).join('')).not.toContain('X');
    expect(owned('pass-alive', sharedEye).join('')).not.toContain('X');
  });

  it('do not count a false eye, whose stones may be cut off', () => {
    const picture = `
      . X X O .
      X O X O .
      O . X O .
      . X X O .
      O O O O .
    `;
    expect(owned('pass-alive', picture).join('')).not.toContain('X');
  });

  it('hold dead stones in an eye only where suicide is forbidden', () => {
    const picture = `
      . O . X . X
      X X X X X X
      O O O O O O
      . . . . . .
      . . . . . .
      . . . . . .
    `;
    // Without suicide only the empty points of the corner must be liberties of Black's chain; they are in either case.
    expect(owned('pass-alive', picture)).toEqual(['XXXXXX', 'XXXXXX', '......', '......', '......', '......']);
    const deeper = `
      O O . X . X
      . X X X X X
      X X O O O O
      . . O . . .
      X X O . . .
      . . . . . .
    `;
    expect(owned('pass-alive', deeper, false)[0]).toBe('XXXXXX');
    expect(owned('pass-alive', deeper, true)[0]).toBe('......');
  });
});

describe('owned areas', () => {
  it('give empty regions of one color to it, and every stone that is not dead to its own', () => {
    expect(
      owned(
        'owners',
        `
          . X O . .
          . X O . .
          X X O . .
          . . . X .
          . . . . .
        `,
      ),
    ).toEqual(['XXO..', 'XXO..', 'XXO..', '...X.', '.....']);
    expect(owned('owners', twoEyes)).toEqual(Array(5).fill('XXXXX'));
  });

  it('leave out the eyes of chains in seki where these are taxed, and keep the stones', () => {
    expect(owned('owners', seki).slice(0, 2)).toEqual(['XX.OOO', 'XX.OOO']);
    expect(owned('independent', seki).slice(0, 2)).toEqual(['.X.O.O', 'XX.OOO']);
    expect(owned('independent', twoEyes)).toEqual(Array(5).fill('XXXXX'));
  });
});
