/** @param installAll returns what went wrong, if anything did */
export function systemPackages(
  env: Readonly<Record<string, string | undefined>>,
  say?: (line: string) => void,
  missing?: readonly string[],
  installAll?: (packages: readonly string[]) => string | undefined,
): void;
