/** Does work for each item, some at a time, and gives the results in the items' order. */
export async function atOnce<T, R>(
  most: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const left = [...items.entries()];
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      results.set(one[0], await work(one[1]));
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, next));
  return items.map((_, index) => results.get(index) as R);
}
