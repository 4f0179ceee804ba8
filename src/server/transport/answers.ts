/** Answers on their way to gRPC: some are written before they come here, and none is copied without need. */

import type { CompatServiceDefinition } from 'nice-grpc';

/** What is needed of a kind of message to write it. */
interface AnswerType {
  encode(message: never): { finish(): Uint8Array };
  readonly fromPartial?: (message: never) => unknown;
}

/** The part of a generated definition that is needed. */
interface Definition {
  readonly methods: Readonly<Record<string, { readonly responseType: AnswerType }>>;
}

/** What a service may answer: a message, or its bytes. */
type Answer<Type> = Uint8Array | (Type extends { fromPartial(message: infer M): unknown } ? M : MessageOf<Type>);
type MessageOf<Type> = Type extends { encode(message: infer M): unknown } ? M : never;

/** A definition whose services may answer these methods with bytes that are the message, as threads write them. */
export type AnsweredInBytes<D extends Definition, Names extends keyof D['methods']> = Omit<D, 'methods'> & {
  readonly methods: Omit<D['methods'], Names> & {
    readonly [M in Names]: Omit<D['methods'][M], 'responseType'> & {
      readonly responseType: {
        encode(message: Answer<D['methods'][M]['responseType']>): { finish(): Uint8Array };
        decode(bytes: Uint8Array): Answer<D['methods'][M]['responseType']>;
      };
    };
  };
};

/** Lets services answer these methods with bytes. */
export function answeredInBytes<D extends Definition, Names extends keyof D['methods'] & string>(
  definition: D,
  ...names: Names[]
): AnsweredInBytes<D, Names> {
  const changed = names.map((name) => {
    const { responseType } = definition.methods[name]!;
    const { fromPartial, ...rest } = responseType;
    const encode = (message: unknown): { finish(): Uint8Array } => {
      if (message instanceof Uint8Array) return { finish: () => message };
      return responseType.encode((fromPartial ? fromPartial(message as never) : message) as never);
    };
    return [name, { ...definition.methods[name], responseType: { ...rest, encode } }];
  });
  const methods = { ...definition.methods, ...(Object.fromEntries(changed) as object) };
  return { ...definition, methods } as never;
}

/**
 * The same service, for gRPC alone: nice-grpc copies the bytes of every answer unless they come as an ArrayBuffer, and new
 * memory for a large answer takes longer than all else that is done with it.
 */
export function uncopied<D extends CompatServiceDefinition>(definition: D): D {
  const { methods } = definition as { readonly methods?: Definition['methods'] };
  if (!methods) return definition;
  const each = Object.entries(methods).map(([name, method]) => {
    const { responseType } = method;
    const encode = (message: never): { finish(): unknown } => {
      const written = responseType.encode(message);
      return { finish: () => whole(written.finish()) };
    };
    return [name, { ...method, responseType: { ...responseType, encode } }];
  });
  return { ...definition, methods: Object.fromEntries(each) as object };
}

function whole(bytes: Uint8Array): ArrayBufferLike | Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes.buffer : bytes;
}
