/** AccessService: who calls, and who may write under which names. */

import { check } from '../../core/errors.js';
import { checkModelName } from '../../core/model-name.js';
import { quoted } from '../../core/quoted.js';
import {
  AccessLevel,
  AccessServiceDefinition,
  NameKind,
  type AccessServiceImplementation,
  type GrantNameRequest,
  type NameOwnership,
} from '../../proto/tengen/v1/access.js';
import { nameKinds, type NameKind as StoredKind, type NameRow, type NameStore } from '../../store/store.js';
import type { Level } from '../access/call-levels.js';
import type { Callers } from '../access/callers.js';
import type { Parts } from '../parts.js';
import { service, type Service } from '../transport/service.js';

const levelToWire: Readonly<Record<Level, AccessLevel>> = {
  play: AccessLevel.PLAY,
  work: AccessLevel.WORK,
  train: AccessLevel.TRAIN,
  admin: AccessLevel.ADMIN,
};
const kindToWire = { model: NameKind.MODEL, dataset: NameKind.DATASET } as const;

export function composeAccess({ store, callers }: Parts): Service {
  return service(AccessServiceDefinition, makeAccessService(store.names, callers));
}

function makeAccessService(names: NameStore, callers: Callers): AccessServiceImplementation {
  return {
    getCaller(_request, { metadata }) {
      const { name, level } = callers.check(metadata.get('authorization'));
      return Promise.resolve({ name, level: levelToWire[level] });
    },
    async grantName(request) {
      const { kind, name, caller } = readRequest(request);
      check(
        callers.names.includes(caller),
        () => `There is no token named ${quoted(caller)}; there are ${callers.names.join(', ') || 'none with a name'}`,
      );
      return { ownership: ownershipToWire(await names.grant(kind, name, caller)) };
    },
    async revokeName(request) {
      const { kind, name, caller } = readRequest(request);
      return { ownership: ownershipToWire(await names.revoke(kind, name, caller)) };
    },
  };
}

function readRequest({ kind, name, caller }: GrantNameRequest): { kind: StoredKind; name: string; caller: string } {
  const known = nameKinds.find((each) => kindToWire[each] === kind);
  check(known !== undefined, () => `kind is ${kind}; it must be 1 (a model) or 2 (a data set)`);
  checkModelName(name, known === 'dataset' ? 'data set' : 'model');
  return { kind: known, name, caller };
}

function ownershipToWire({ kind, name, owner, granted }: NameRow): NameOwnership {
  return { kind: kindToWire[kind], name, owner, granted: [...granted] };
}
