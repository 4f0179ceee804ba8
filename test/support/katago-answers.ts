/** What KataGo answers to `kata-raw-nn`, read from the text. */

/** One answer to `kata-raw-nn`. */
export interface KatagoAnswer {
  readonly numbers: ReadonlyMap<string, number>;
  readonly policy: readonly number[];
  readonly ownership: readonly number[];
}

/** The answers in a transcript of commands, in their order. */
export function readAnswers(text: string): KatagoAnswer[] {
  return text
    .split(/symmetry \d\n/)
    .slice(1)
    .map((block) => {
      const [head = '', rest = ''] = block.split('policy\n');
      const [policy = '', after = ''] = rest.split('policyPass');
      const [pass = '', ownership = ''] = after.split('whiteOwnership\n');
      const lines = `${head}policyPass ${pass}`.trim().split('\n');
      const grid = (words: string): number[] => words.split('=')[0]!.trim().split(/\s+/).map(Number);
      return {
        numbers: new Map(lines.map((line) => line.trim().split(/\s+/)).map(([name, value]) => [name!, Number(value)])),
        policy: grid(policy),
        ownership: grid(ownership),
      };
    });
}
