/** Which row each line of a drawn tree has, so that no lines cross. */

/** Lines by row: after each line its branches with theirs, those that leave it last first. The first line has no parent. */
export function rowOrder(
  lines: readonly { readonly parent: number | undefined; readonly from: number }[],
): readonly number[] {
  const children = lines.map((): number[] => []);
  lines.forEach(({ parent }, line) => {
    if (parent !== undefined) children[parent]!.push(line);
  });
  const order: number[] = [];
  const waiting = [0];
  for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) {
    order.push(line);
    // The last one put there is the next row.
    waiting.push(...children[line]!.toSorted((a, b) => lines[a]!.from - lines[b]!.from || b - a));
  }
  return order;
}
