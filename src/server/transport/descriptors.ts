/** Descriptors of messages as protoc writes them. */

import type { DescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';

/**
 * Completes the descriptors that proto-loader makes to what protoc would have written: whole names of types, names in JSON,
 * names of map entries, marks of optional fields. Strict readers (buf, Go, protobuf-es) refuse them otherwise.
 */
export function completeDescriptors(files: readonly FileDescriptorProto[]): void {
  for (const { messageType } of files) messageType.forEach(correct);
  const known = new Set(
    files.flatMap(({ package: scope, messageType, enumType }) => [
      ...messageType.flatMap((message) => namesIn(message, scope)),
      ...enumType.map(({ name }) => `${scope}.${name}`),
    ]),
  );
  const full = (name: string, scope: string): string => {
    if (name === '' || name.startsWith('.')) return name;
    for (let outer = scope; ; outer = outer.slice(0, Math.max(0, outer.lastIndexOf('.')))) {
      if (known.has(`${outer}.${name}`)) return `.${outer}.${name}`;
      if (outer === '') return `.${name}`;
    }
  };
  const complete = (message: DescriptorProto, scope: string): void => {
    const own = `${scope}.${message.name}`;
    for (const field of message.field) {
      field.typeName = full(field.typeName, own);
      field.jsonName ||= field.name.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
    }
    for (const nested of message.nestedType) complete(nested, own);
  };
  for (const { package: scope, messageType, service } of files) {
    for (const message of messageType) complete(message, scope);
    for (const method of service.flatMap((each) => each.method)) {
      method.inputType = full(method.inputType, scope);
      method.outputType = full(method.outputType, scope);
    }
  }
}

function namesIn({ name, nestedType, enumType }: DescriptorProto, scope: string): string[] {
  const own = `${scope}.${name}`;
  return [own, ...enumType.map((each) => `${own}.${each.name}`), ...nestedType.flatMap((each) => namesIn(each, own))];
}

/** Map entries and optional fields. */
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
