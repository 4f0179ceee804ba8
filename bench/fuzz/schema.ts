/** What the server can be asked, as its reflection says: a call that is added to the contract is tried without a word here. */

import { create, createFileRegistry, fromBinary, type DescMethod, type FileRegistry } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { AppError } from '../../src/core/errors.js';
import { framed, type WireConnection } from './wire-call.js';

const reflection = 'grpc.reflection.v1.ServerReflection';
const PATIENCE_MS = 20_000;

export interface ServerSchema {
  readonly registry: FileRegistry;
  /** All calls, in the order of their paths. */
  readonly methods: readonly DescMethod[];
}

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** Asks a server for everything that it serves. @throws AppError 'internal' if its reflection does not answer */
export async function askSchema(connection: WireConnection): Promise<ServerSchema> {
  const files = new Map<string, FileDescriptorProto>();
  const services = await listServices(connection);
  for (const service of [...services, reflection]) {
    for (const bytes of await filesOf(connection, service)) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
  }
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(files) }));
  const methods = services.flatMap((name) => registry.getService(name)?.methods ?? []);
  return { registry, methods: methods.toSorted((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1)) };
}

/** Files after those that they import, as a registry wants them. */
function inOrder(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto | undefined): void => {
    if (!file || ordered.has(file)) return;
    for (const name of file.dependency) add(files.get(name));
    ordered.add(file);
  };
  for (const file of files.values()) add(file);
  return [...ordered];
}

async function listServices(connection: WireConnection): Promise<string[]> {
  const answer = await ask(connection, 7, '');
  // ServerReflectionResponse.list_services_response = 6 { service = 1 { name = 1 } }
  const text = new TextDecoder();
  return fieldsOf(answer, 6)
    .flatMap((list) => fieldsOf(list, 1))
    .flatMap((service) => fieldsOf(service, 1))
    .map((name) => text.decode(name));
}

async function filesOf(connection: WireConnection, symbol: string): Promise<Uint8Array[]> {
  const answer = await ask(connection, 4, symbol);
  // ServerReflectionResponse.file_descriptor_response = 4 { file_descriptor_proto = 1 }
  return fieldsOf(answer, 4).flatMap((list) => fieldsOf(list, 1));
}

/** @param field of ServerReflectionRequest: 4 file_containing_symbol, 7 list_services */
async function ask(connection: WireConnection, field: number, value: string): Promise<Uint8Array> {
  const call = await connection.open(`/${reflection}/ServerReflectionInfo`);
  call.send(framed(new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish()));
  call.finish();
  const answer = await call.next(PATIENCE_MS);
  await call.ended(PATIENCE_MS);
  if (!answer) throw new AppError('internal', `The server's reflection did not answer '${value}'`);
  return answer;
}

/** The bytes of every field `wanted` of a message that is read without a schema. */
function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(type, field);
  }
  return found;
}
