/** The inputs that KataGo 1.17.2 made of a position, against ours; see katago-networks.md in the shared folder. */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { katago7 } from '../../src/go/katago-features.js';
import { Position } from '../../src/go/position.js';
import { parseVertex } from '../../src/go/vertex.js';
import { isMissing } from '../support/needs.js';

const file = new URL('../../../shared/golden/pos1-9x9.json', import.meta.url);

describe.skipIf(isMissing('shared', existsSync(file)))('the golden inputs of ../shared (skipped where it is missing)', () => {
  it('are those of B C3, W C6 on 9×9 under Chinese rules', () => {
    const golden = JSON.parse(readFileSync(file, 'utf8')) as { spatial: number[][][]; global_: number[] };
    const position = new Position(9, { ko: 'simple', suicide: false, komi: 7.5, friendlyPassOk: true });
    for (const vertex of ['C3', 'C6']) position.play(parseVertex(vertex, 9));
    const planes = new Float32Array(katago7.planes * 81);
    const globals = new Float32Array(katago7.globals);
    katago7.write(position.snapshot(), 0, planes, 0, globals, 0);
    golden.spatial.forEach((plane, index) => {
      expect([index, ...planes.subarray(index * 81, (index + 1) * 81)]).toEqual([index, ...plane.flat()]);
    });
    expect([...globals]).toEqual(golden.global_);
  });
});
