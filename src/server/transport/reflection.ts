/** Server reflection (v1 and v1alpha) over the .proto files themselves, so that grpcurl and `buf curl` need no files. */

import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, type DescriptorProto, type EnumDescriptorProto } from '@bufbuild/protobuf/wkt';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import type { CompatServiceDefinition, Server } from 'nice-grpc';
import { Status } from 'nice-grpc-common';
import { checkDeclared } from '../access/call-levels.js';
import { packageRoot } from '../package-root.js';
import { decodable } from './decoding.js';
import { completeDescriptors } from './descriptors.js';

/** The half of a grpc-js stream that the reflection service uses. */
interface ReflectionStream {
  on(event: string, listener: (message?: unknown) => void): void;
  write(message: unknown): void;
  end(): void;
}

interface ReflectionRequest {
  /** Which of the fields below asks; undefined if none does. */
  readonly messageRequest?: string | undefined;
  readonly fileContainingSymbol?: string | undefined;
}

/** What is answered to a request that has nothing to answer. */
const nothingAsked = {
  errorCode: Status.INVALID_ARGUMENT,
  errorMessage:
    'The request asks for nothing; it must have one of file_by_filename, file_containing_symbol, file_containing_extension, all_extension_numbers_of_type, list_services',
};

/** What the server calls and others implement. */
const calledByUs = ['reward.proto'];

/** The contract of reflection itself, both versions, which its library has. */
const own = ['grpc/reflection/v1/reflection.proto', 'grpc/reflection/v1alpha/reflection.proto'];
const ownFolder = join(dirname(createRequire(import.meta.url).resolve('@grpc/reflection')), '../proto');

/** Adds reflection of every .proto file of the contract that the server implements, health included. */
export function addReflection(server: Server): void {
  const folder = join(packageRoot(), 'proto');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.proto') && !calledByUs.some((ours) => name.endsWith(ours)),
  );
  const definition = corrected(loadSync([...files, ...own], { includeDirs: [folder, ownFolder], keepCase: true }));
  const enums = enumsByValue(definition);
  const add = (service: CompatServiceDefinition, handlers: UntypedServiceImplementation): void => {
    const [[name, handle] = []] = Object.entries(handlers);
    checkDeclared(service);
    server.add(decodable(service), { [String(name)]: answerWith(handle as (stream: ReflectionStream) => void, enums) });
  };
  new ReflectionService(definition).addToServer({ addService: add });
}

/** The definition with descriptors that strict readers take. */
function corrected(definition: PackageDefinition): PackageDefinition {
  const message = Object.values(definition).find(isMessage);
  if (!message) return definition;
  const read = message.fileDescriptorProtos.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  completeDescriptors(read);
  const fileDescriptorProtos = read.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
  return { files: { ...message, fileDescriptorProtos } };
}

/**
 * The enum of each of its values, by full names: a value's name stands beside its enum, where the library looks for it
 * within.
 */
function enumsByValue(definition: PackageDefinition): ReadonlyMap<string, string> {
  const enums = new Map<string, string>();
  const add = (scope: string, types: readonly EnumDescriptorProto[], messages: readonly DescriptorProto[]): void => {
    for (const { name, value } of types)
      for (const each of value) enums.set(`${scope}.${each.name}`, `${scope}.${name}`);
    for (const { name, enumType, nestedType } of messages) add(`${scope}.${name}`, enumType, nestedType);
  };
  for (const bytes of Object.values(definition).find(isMessage)?.fileDescriptorProtos ?? []) {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    add(file.package, file.enumType, file.messageType);
  }
  return enums;
}

/** Every message carries the descriptors of all files. */
function isMessage(member: PackageDefinition[string]): member is MessageTypeDefinition<object, object> {
  return Array.isArray(member['fileDescriptorProtos']);
}

/** The service answers each message before `emit` returns, so a stream is a function from messages to answers. */
function answerWith(handle: (stream: ReflectionStream) => void, enums: ReadonlyMap<string, string>) {
  return async function* reflect(requests: AsyncIterable<ReflectionRequest>): AsyncGenerator {
    const answers: object[] = [];
    let receive: (message?: unknown) => void = () => undefined;
    handle({
      on: (event, listener) => {
        if (event === 'data') receive = listener;
      },
      write: (message) => answers.push(message as object),
      end: () => undefined,
    });
    for await (const request of requests) {
      if (request.messageRequest === undefined) {
        yield { errorResponse: nothingAsked, originalRequest: request };
        continue;
      }
      const fileContainingSymbol = enums.get(request.fileContainingSymbol ?? '') ?? request.fileContainingSymbol;
      receive({ ...request, fileContainingSymbol });
      for (const answer of answers.splice(0)) yield { ...answer, originalRequest: request };
    }
  };
}
