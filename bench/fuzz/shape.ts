/** What a mutator needs to know of a message type: numbers and kinds of fields; a map is a list of entries here. */

import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';

/** A message type. */
export interface Shape {
  readonly fields: readonly FieldShape[];
}

export interface FieldShape {
  readonly number: number;
  readonly isList: boolean;
  /** On the wire: 0 varint, 1 eight bytes, 2 with a length, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
  /** Whether the bytes are text. */
  readonly isText: boolean;
  /** Whether few values have a meaning: enums and booleans. */
  readonly isSmall: boolean;
  /** The type of the message that it holds. */
  readonly message: Shape | undefined;
}

const shapes = new WeakMap<DescMessage, Shape>();

/** The shape of a type; types may contain themselves. */
export function shapeOf(type: DescMessage): Shape {
  const known = shapes.get(type);
  if (known) return known;
  const fields: FieldShape[] = [];
  const shape = { fields };
  shapes.set(type, shape);
  fields.push(...type.fields.map(fieldShape));
  return shape;
}

function fieldShape(field: DescField): FieldShape {
  const { number } = field;
  switch (field.fieldKind) {
    case 'scalar':
      return scalar(number, field.scalar, false);
    case 'enum':
      return { ...scalar(number, ScalarType.INT32, false), isSmall: true };
    case 'message':
      return holder(number, shapeOf(field.message), false);
    case 'list':
      if (field.listKind === 'message') return holder(number, shapeOf(field.message), true);
      if (field.listKind === 'enum') return { ...scalar(number, ScalarType.INT32, true), isSmall: true };
      return scalar(number, field.scalar, true);
    case 'map': {
      const value =
        field.mapKind === 'message'
          ? holder(2, shapeOf(field.message), false)
          : scalar(2, field.mapKind === 'scalar' ? field.scalar : ScalarType.INT32, false);
      return holder(number, { fields: [scalar(1, field.mapKey, false), value] }, true);
    }
  }
}

function holder(number: number, message: Shape, isList: boolean): FieldShape {
  return { number, isList, wire: 2, isText: false, isSmall: false, message };
}

function scalar(number: number, type: ScalarType, isList: boolean): FieldShape {
  const isText = type === ScalarType.STRING;
  return { number, isList, wire: wireOf(type), isText, isSmall: type === ScalarType.BOOL, message: undefined };
}

function wireOf(type: ScalarType): 0 | 1 | 2 | 5 {
  switch (type) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return 5;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return 2;
    default:
      return 0;
  }
}
