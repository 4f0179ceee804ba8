/** Flags made from a schema of settings, so that a setting has one name and one description everywhere. */

import { describeDefault, flagName, type Schema } from '../../src/core/config.js';
import type { Flag, Flags } from './command.js';

/** One flag a setting; defaults stay with the schema, which other sources than flags also feed. */
export function schemaFlags(schema: Schema): Flags {
  const flags: Record<string, Flag> = {};
  for (const [key, field] of Object.entries(schema)) {
    const allowed = field.type === 'choice' ? field.choices.join('|') : field.type === 'number' ? 'NUMBER' : 'TEXT';
    const doc = `${field.doc.replace(/\.$/, '')}${field.type === 'flag' || field.default === '' ? '' : ` [${describeDefault(field)}]`}`;
    flags[flagName(key)] = field.type === 'flag' ? { type: 'boolean', doc } : { type: 'string', value: allowed, doc };
  }
  return flags;
}

/** The settings that were given as flags, by their names in the schema. */
export function givenSettings(schema: Schema, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const key of Object.keys(schema)) {
    const value = values[flagName(key)];
    if (value !== undefined) given[key] = value;
  }
  return given;
}
