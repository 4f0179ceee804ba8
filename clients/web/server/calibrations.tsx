/** The model versions that are being calibrated for eight bits, and what each one waits for. */

import type { ComponentChildren } from 'preact';
import { Calibration } from '../../../src/proto/tengen/v1/model.js';
import type { ModelCalibration } from '../../../src/proto/tengen/v1/monitor.js';

/** Nothing where no version is being calibrated. */
export function Calibrations({ of }: { readonly of: readonly ModelCalibration[] }): ComponentChildren {
  if (of.length === 0) return null;
  return (
    <>
      <h2>Calibrations for int8</h2>
      <table>
        <tbody>
          {of.map((each) => (
            <tr key={each.modelVersion}>
              <th scope="row">{each.modelVersion}</th>
              <td>{stateOf(each)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** In words. */
function stateOf({ calibration, waitsForQuiet }: ModelCalibration): string {
  if (calibration === Calibration.RUNS) return 'being calibrated';
  return waitsForQuiet ? 'waits until nobody waits for an evaluation' : 'waits for its turn';
}
