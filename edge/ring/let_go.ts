/**
 * Empties an array that has served. When one has grown old before it dies, the garbage collector takes what is in it for
 * alive until it looks at the old ones again, and moves that among them as well, and so on: half of an append's cost.
 */
export function letGo(items: unknown[]): void {
  items.fill(undefined);
  items.length = 0;
}
