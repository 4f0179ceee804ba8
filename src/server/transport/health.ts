/** grpc.health.v1: SERVING for the server as a whole ('') and for each of its services, NOT_SERVING once it drains. */

import { HealthDefinition, HealthServiceImpl, HealthState } from 'nice-grpc-server-health';
import type { Server } from 'nice-grpc';
import { checkDeclared } from '../access/call-levels.js';
import { decodable, type MessageType } from './decoding.js';

/** The switch behind the health service. */
export interface Health {
  /** Tells everyone who watches to go elsewhere. */
  stopServing(): void;
}

/** Adds the health service, answering for `services` (full names). */
export function addHealth(server: Server, services: readonly string[]): Health {
  const state = HealthState();
  const names = ['', ...services];
  for (const name of names) state.setStatus('healthy', name);
  checkDeclared(HealthDefinition);
  server.add(decodable(HealthDefinition, plainly), HealthServiceImpl(state));
  return {
    stopServing() {
      for (const name of names) state.setStatus('unhealthy', name);
    },
  };
}

/** The library's messages know only the reader of its own copy of protobuf. */
function plainly(type: MessageType, bytes: Uint8Array): unknown {
  return type.decode(bytes);
}
