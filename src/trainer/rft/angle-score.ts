/** Angle scores from the mean unit vectors that a prefill leaves (`PromptSummary`). */

import type { PromptSummary } from '../../generator/group-generator.js';
import type { AngleScore } from './curriculum-port.js';

/** Concentration of a prompt's angles: |s|² within the question, ⟨s, p⟩ to the prefix, and the first without the diagonal. */
export function angleScoreOf({ question, prefix, length }: PromptSummary): AngleScore {
  let [intra, inter] = [0, 0];
  question.forEach((s, i) => {
    intra += s * s;
    inter += s * prefix[i]!;
  });
  const debiasedIntra = length < 2 ? 0 : (length * length * intra - length) / (length * (length - 1));
  return { intra, inter, debiasedIntra, length };
}
