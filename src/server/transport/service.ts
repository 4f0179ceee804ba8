/** A gRPC service as the server and its page are given it. */

import type { CompatServiceDefinition, ServiceImplementation } from 'nice-grpc';

/** A service and who carries it out. */
export interface Service<Definition extends CompatServiceDefinition = CompatServiceDefinition> {
  readonly definition: Definition;
  readonly implementation: ServiceImplementation<Definition>;
}

/** Keeps the types of a service together on the way into a list of different ones. */
export function service<Definition extends CompatServiceDefinition>(
  definition: Definition,
  implementation: ServiceImplementation<Definition>,
): Service {
  return { definition, implementation };
}
