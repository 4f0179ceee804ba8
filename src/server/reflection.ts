/** Server reflection (v1 and v1alpha) over the .proto files themselves, so that grpcurl and `buf curl` need no files. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, type DescriptorProto } from '@bufbuild/protobuf/wkt';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import type { CompatServiceDefinition, Server } from 'nice-grpc';
import { checkDeclared } from './access.js';
import { decodable } from './decoding.js';
import { packageRoot } from './package-root.js';

/** The half of a grpc-js stream that the reflection service uses. */
interface ReflectionStream {
  on(event: string, listener: (message?: unknown) => void): void;
  write(message: unknown): void;
  end(): void;
}

/** What the server calls and others implement. */
const calledByUs = ['reward.proto'];

/** Adds reflection of every .proto file of the contract that the server implements, health included. */
export function addReflection(server: Server): void {
  const folder = join(packageRoot(), 'proto');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.proto') && !calledByUs.some((ours) => name.endsWith(ours)),
  );
  const definition = corrected(loadSync(files, { includeDirs: [folder], keepCase: true }));
  const add = (service: CompatServiceDefinition, handlers: UntypedServiceImplementation): void => {
    const [[name, handle] = []] = Object.entries(handlers);
    checkDeclared(service);
    server.add(decodable(service), { [String(name)]: answerWith(handle as (stream: ReflectionStream) => void) });
  };
  new ReflectionService(definition).addToServer({ addService: add });
}

/**
 * The descriptors that proto-loader makes name map entries and mark optional fields in ways that strict readers (buf,
 * Go) refuse; this is what protoc would have written.
 */
function corrected(definition: PackageDefinition): PackageDefinition {
  const message = Object.values(definition).find(isMessage);
  if (!message) return definition;
  const fileDescriptorProtos = message.fileDescriptorProtos.map((bytes) => {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    file.messageType.forEach(correct);
    return Buffer.from(toBinary(FileDescriptorProtoSchema, file));
  });
  return { files: { ...message, fileDescriptorProtos } };
}

/** Every message carries the descriptors of all files. */
function isMessage(member: PackageDefinition[string]): member is MessageTypeDefinition<object, object> {
  return Array.isArray(member['fileDescriptorProtos']);
}

function correct(message: DescriptorProto): void {
  for (const field of message.field) {
    const entry = message.nestedType.find(({ name, options }) => options?.mapEntry && name === field.typeName);
    if (entry) {
      const camel = field.name.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
      entry.name = field.typeName = `${camel}Entry`;
    }
    const oneof = message.oneofDecl[field.oneofIndex];
    if (oneof?.name === `_${field.name}`) field.proto3Optional = true;
  }
  for (const nested of message.nestedType) correct(nested);
}

/** The service answers each message before `emit` returns, so a stream is a function from messages to answers. */
function answerWith(handle: (stream: ReflectionStream) => void) {
  return async function* reflect(requests: AsyncIterable<unknown>): AsyncGenerator {
    const answers: unknown[] = [];
    let receive: (message?: unknown) => void = () => undefined;
    handle({
      on: (event, listener) => {
        if (event === 'data') receive = listener;
      },
      write: (message) => answers.push(message),
      end: () => undefined,
    });
    for await (const request of requests) {
      receive(request);
      yield* answers.splice(0);
    }
  };
}
