/**
 * Angle concentrations of training positions: the signal of GAIN-RL ("Angles Don't Lie", NeurIPS 2025, section 3) over the
 * points of a board instead of the tokens of a prompt, with the empty board in the place of the common prefix.
 */

import type { Engine, NamedTensors, Program } from '../../engine/engine.js';
import { BLACK } from '../../go/color.js';
import { featureSet } from '../../go/features.js';
import type { Snapshot } from '../../go/snapshot.js';
import { type GoArchitecture, boardsOf } from '../../nn/networks/go-network.js';
import { pointDirections } from '../../nn/networks/point-directions.js';
import { snapshotOf } from '../go-data/batch.js';
import type { GameRows } from '../go-data/game-rows.js';

/**
 * Angle scores of the games of a replay memory. A game is scored when it arrives, and whenever it is to be scored anew, by the
 * network as it was before the step that follows.
 */
export class PositionAngles {
  readonly #architecture: GoArchitecture;
  readonly #program: Program;
  /** The scores that `open` was given. */
  readonly kept: Float32Array;
  /** Inputs of the program; a network without global pooling reads no globals. */
  readonly #inputs: readonly string[];
  #unscored: GameRows[] = [];

  /** @param kept what `keep` returned, when games that were scored before are to be added again */
  static async open(
    engine: Engine,
    architecture: GoArchitecture,
    kept: Float32Array = new Float32Array(),
  ): Promise<PositionAngles> {
    const graph = pointDirections(architecture, boardsOf(architecture)[1]);
    const inputs = [...graph.inputs.keys()];
    return new PositionAngles({ architecture, inputs, program: await engine.compile(graph), kept });
  }

  private constructor(parts: {
    readonly architecture: GoArchitecture;
    readonly inputs: readonly string[];
    readonly program: Program;
    readonly kept: Float32Array;
  }) {
    this.#architecture = parts.architecture;
    this.#inputs = parts.inputs;
    this.#program = parts.program;
    this.kept = parts.kept;
  }

  /** Takes a game to score. @param place of its first position among the kept ones; not given for a new game */
  add(game: GameRows, place?: number): void {
    if (game.rows === 0) return;
    const kept = place === undefined ? undefined : this.kept.slice(place, place + game.rows);
    if (kept?.length === game.rows && !kept.some(Number.isNaN)) game.angles = kept;
    else this.#unscored.push(game);
  }

  /** Takes games to be scored anew, all that there are. Until then they have no concentrations. */
  renew(games: readonly GameRows[]): void {
    this.#unscored = games.filter(({ rows }) => rows > 0);
    for (const game of games) delete game.angles;
  }

  /** Scores the games that were taken. @param state holds the weights under their names */
  async score(state: NamedTensors): Promise<void> {
    for (const game of this.#unscored) game.angles = await this.of(game, state);
    this.#unscored = [];
  }

  /** Whether games wait to be scored. */
  get isDue(): boolean {
    return this.#unscored.length > 0;
  }

  /** The concentrations of the games' positions one after another, for a checkpoint; NaN where there are none yet. */
  keep(games: readonly GameRows[]): Float32Array {
    const kept = new Float32Array(games.reduce((sum, { rows }) => sum + rows, 0)).fill(NaN);
    let place = 0;
    for (const { rows, angles } of games) {
      if (angles) kept.set(angles, place);
      place += rows;
    }
    return kept;
  }

  /**
   * The concentrations C = ⟨s, s + p⟩ of a game's training positions [rows]: s the mean unit vector of a position, p that
   * of the empty board. They compare positions of one game by one network, and nothing else.
   *
   * @param state holds the weights under their names
   */
  async of(game: GameRows, state: NamedTensors): Promise<Float32Array> {
    const values = { ...state, ...this.#features(game) };
    const inputs = this.#inputs.map((name) => [name, values[name]!] as const);
    const directions = (await this.#program.run(Object.fromEntries(inputs)))['directions']!.data as Float32Array;
    const { channels } = this.#architecture;
    const empty = directions.subarray(game.rows * channels);
    return Float32Array.from({ length: game.rows }, (_, row) => {
      const own = directions.subarray(row * channels, (row + 1) * channels);
      return own.reduce((sum, s, channel) => sum + s * (s + empty[channel]!), 0);
    });
  }

  release(): Promise<void> {
    return this.#program.release();
  }

  /** The positions of the game, and the empty board as the last one. */
  #features(game: GameRows): NamedTensors {
    const { size, rows, rules } = game;
    const count = rows + 1;
    const features = featureSet(this.#architecture.features);
    const planeWidth = features.planes * size * size;
    const planes = new Float32Array(count * planeWidth);
    const globals = new Float32Array(count * features.globals);
    const stones = new Uint8Array(size * size);
    const empty: Snapshot = { size, rules, toMove: BLACK, stones, lastMoves: [], banned: [] };
    for (let row = 0; row < count; row++) {
      const snapshot = row < rows ? snapshotOf(game, row) : empty;
      features.write(snapshot, 0, planes, row * planeWidth, globals, row * features.globals);
    }
    return {
      planes: { shape: [count, features.planes, size, size], data: planes },
      globals: { shape: [count, features.globals], data: globals },
    };
  }
}
