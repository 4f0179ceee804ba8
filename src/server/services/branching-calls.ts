/** BranchingService: the branching method for self-play loops of other languages. Runs in threads; nothing is kept between calls. */

import { Rng } from '../../core/rng.js';
import { check } from '../../core/errors.js';
import { eligibilityOf, movesTo, pickBranch as pick } from '../../methods/branching/branch-point.js';
import { valueLabel } from '../../methods/branching/value-label.js';
import {
  LabelTreeRequest,
  LabelTreeResponse,
  PickBranchRequest,
  PickBranchResponse,
} from '../../proto/tengen/v1/branching.js';
import { branchSettingsFromWire, checkStrength, treeFromWire, valueLabelFromWire } from '../../wire/branching.js';
import { carryOut } from '../transport/carry-out.js';

/** Picks the next branch of a tree. */
export const pickBranch = carryOut(PickBranchRequest, PickBranchResponse, (request) => {
  check(request.settings !== undefined, 'settings are missing');
  const settings = branchSettingsFromWire(request.settings);
  const { tree, nodes } = treeFromWire(request.tree);
  const { lcr, threshold, eligibleShare } = eligibilityOf(tree, settings);
  const branch = pick(tree, settings, new Rng(request.seed));
  let searched = 0;
  return {
    branch: branch && { moves: [...movesTo(branch.node), branch.move], backUp: branch.backUp },
    // Rates are those of the searched positions, in the same order.
    lcr: nodes.map((node) => (node.searched ? lcr[searched++]! : 0)),
    threshold,
    eligibleShare,
  };
});

/** Labels the positions of a tree. */
export const labelTree = carryOut(LabelTreeRequest, LabelTreeResponse, ({ label, strength, tree }) => {
  const kind = valueLabelFromWire(label);
  // Of no meaning for the others, but no other number than a strength may be.
  if (kind === 'posterior' || strength !== 0) checkStrength(strength);
  const { nodes } = treeFromWire(tree);
  return {
    labels: nodes.map((node) => valueLabel(node, kind, strength)),
    games: nodes.map(({ results }) => results.length),
  };
});
