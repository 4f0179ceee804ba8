/** BranchingService: the branching method for self-play loops of other languages. Nothing is kept between calls. */

import { Rng } from '../core/rng.js';
import { check } from '../core/errors.js';
import { eligibilityOf, movesTo, pickBranch } from '../methods/branching/branch-point.js';
import { valueLabel } from '../methods/branching/value-label.js';
import type {
  BranchingServiceImplementation,
  LabelTreeRequest,
  LabelTreeResponse,
  PickBranchRequest,
  PickBranchResponse,
} from '../proto/tengen/v1/branching.js';
import { branchSettingsFromWire, checkStrength, treeFromWire, valueLabelFromWire } from '../wire/branching.js';

/** Makes the service. */
export function makeBranchingService(): BranchingServiceImplementation {
  return {
    pickBranch: (request) => Promise.resolve(pick(request)),
    labelTree: (request) => Promise.resolve(label(request)),
  };
}

function pick(request: PickBranchRequest): PickBranchResponse {
  check(request.settings !== undefined, 'settings are missing');
  const settings = branchSettingsFromWire(request.settings);
  const { tree, nodes } = treeFromWire(request.tree);
  const { lcr, threshold, eligibleShare } = eligibilityOf(tree, settings);
  const branch = pickBranch(tree, settings, new Rng(request.seed));
  let searched = 0;
  return {
    branch: branch && { moves: [...movesTo(branch.node), branch.move], backUp: branch.backUp },
    // Rates are those of the searched positions, in the same order.
    lcr: nodes.map((node) => (node.searched ? lcr[searched++]! : 0)),
    threshold,
    eligibleShare,
  };
}

function label(request: LabelTreeRequest): LabelTreeResponse {
  const kind = valueLabelFromWire(request.label);
  if (kind === 'posterior') checkStrength(request.strength);
  const { nodes } = treeFromWire(request.tree);
  return {
    labels: nodes.map((node) => valueLabel(node, kind, request.strength)),
    games: nodes.map(({ results }) => results.length),
  };
}
