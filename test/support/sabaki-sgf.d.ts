/** What the tests use of Sabaki's reader of SGF. */
declare module '@sabaki/sgf' {
  interface SabakiNode {
    readonly data: Readonly<Record<string, readonly string[]>>;
    readonly children: readonly SabakiNode[];
  }
  const sgf: { parse(contents: string): readonly SabakiNode[] };
  export default sgf;
}
