/** Which tab of a row a key goes to; undefined where the key is for something else. */
export function tabAt<T>(key: string, tabs: readonly T[], current: T): T | undefined {
  const at = tabs.indexOf(current);
  const targets: Record<string, T | undefined> = {
    ArrowRight: tabs[(at + 1) % tabs.length],
    ArrowLeft: tabs.at(at - 1),
    Home: tabs[0],
    End: tabs.at(-1),
  };
  return targets[key];
}
