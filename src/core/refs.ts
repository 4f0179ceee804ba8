/** Versions of models and data sets by name: `name@version`. */

/** `name@version` of a stored version. */
export function refOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}@${version}`;
}

/** The parts of a ref; the version is '' if the ref is a name alone. */
export function partsOfRef(ref: string): { readonly name: string; readonly version: string } {
  const at = ref.lastIndexOf('@');
  return at < 0 ? { name: ref, version: '' } : { name: ref.slice(0, at), version: ref.slice(at + 1) };
}
