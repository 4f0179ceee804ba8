/**
 * What a model is, in the few numbers from which its parameters' names and shapes follow. Stored in every model file.
 */

import { AppError, check } from '../../core/errors.js';
import { shown } from '../../core/quoted.js';

/** A residual convolutional network for Go: `networks/go-resnet.ts`. */
export interface Architecture {
  readonly kind: 'go-resnet';
  /** Board side the model is trained for, 2 … 19. Parameter shapes do not depend on it. */
  readonly size: number;
  /** Residual blocks. */
  readonly blocks: number;
  /** Channels of the trunk. A multiple of 16 runs fastest on AVX-512, of 8 on AVX2. */
  readonly channels: number;
  /** Input planes. */
  readonly planes: number;
  /** Input globals. */
  readonly globals: number;
  /** Name of the feature set the model was trained on; serving refuses a model of other features. */
  readonly features: string;
}

const ranges = { size: [2, 19], blocks: [1, 64], channels: [4, 1024], planes: [1, 256], globals: [1, 256] } as const;

/**
 * Checks a description that comes from outside and returns it with its keys in a fixed order (equal architectures
 * give equal JSON).
 *
 * @throws AppError 'invalid-argument' naming the field, the value seen and the values allowed
 */
export function checkArchitecture(value: unknown): Architecture {
  check(typeof value === 'object' && value !== null, 'The architecture of a model must be an object');
  const fields = value as Partial<Record<string, unknown>>;
  const { kind, features } = fields;
  check(
    kind === 'go-resnet',
    () => `Architecture kind is ${shown(kind)}; it must be 'go-resnet', 'katago' or 'transformer'`,
  );
  check(
    typeof features === 'string' && features.length > 0 && features.length <= 64,
    () => `Architecture features is ${shown(features)}; it must be a name of 1 to 64 characters`,
  );
  for (const key of Object.keys(fields)) {
    check(key === 'kind' || key === 'features' || Object.hasOwn(ranges, key), `Unknown architecture field '${key}'`);
  }
  const number = (name: keyof typeof ranges): number => {
    const seen = fields[name];
    const [min, max] = ranges[name];
    if (!Number.isInteger(seen) || (seen as number) < min || (seen as number) > max) {
      throw new AppError(
        'invalid-argument',
        `Architecture ${name} is ${shown(seen)}; it must be a whole number from ${min} to ${max}`,
      );
    }
    return seen as number;
  };
  return {
    kind,
    size: number('size'),
    blocks: number('blocks'),
    channels: number('channels'),
    planes: number('planes'),
    globals: number('globals'),
    features,
  };
}
