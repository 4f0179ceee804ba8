/** The part of @sabaki/sgf 3.4 that is used here; the package has no types of its own. */
declare module '@sabaki/sgf' {
  interface Token {
    type: 'parenthesis' | 'semicolon' | 'prop_ident' | 'c_value_type' | 'invalid';
    value: string;
    /** From 0. */
    row: number;
    /** From 0. */
    col: number;
  }
  interface Node {
    data: Record<string, string[]>;
    children: Node[];
  }
  const sgf: {
    tokenize(contents: string): Token[];
    parseTokens(tokens: Iterable<Token>): Node[];
    stringify(nodes: readonly Readonly<Node>[]): string;
    parseVertex(text: string): [number, number];
    stringifyVertex(vertex: readonly [number, number]): string;
    parseCompressedVertices(text: string): [number, number][];
  };
  export default sgf;
}
