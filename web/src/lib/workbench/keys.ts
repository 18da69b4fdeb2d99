/** Which keys do what. `Mod` is Ctrl, and Command on Apple's machines. */
export const isApple =
  typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform ?? '');

/** Whether an event is of a combination such as `Mod+Shift+F`. */
export function isPressed(event: KeyboardEvent, keys: string): boolean {
  const parts = keys.split('+');
  const key = parts.pop()!;
  const wants = new Set(parts);
  const mod = isApple ? event.metaKey : event.ctrlKey;
  const otherMod = isApple ? event.ctrlKey : event.metaKey;
  if (mod !== wants.has('Mod') || otherMod) return false;
  if (event.shiftKey !== wants.has('Shift') || event.altKey !== wants.has('Alt')) return false;
  // With Alt some layouts write another character, so the place of the key counts too.
  const byPlace = event.code === `Key${key.toUpperCase()}` || event.code === `Digit${key}`;
  return event.key.toLowerCase() === key.toLowerCase() || (wants.has('Alt') && byPlace);
}

/** As people read it: `Ctrl+Shift+F`, or `⌘⇧F`. */
export function showKeys(keys: string): string {
  if (!isApple) return keys.replace('Mod', 'Ctrl');
  const SIGNS: Record<string, string> = { Mod: '⌘', Shift: '⇧', Alt: '⌥', Enter: '⏎' };
  return keys
    .split('+')
    .map((part) => SIGNS[part] ?? part)
    .join('');
}

/** Whether somebody is typing, so that a single character is no command. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Whether the keys belong to the program that runs in a terminal. */
export function isInTerminal(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('.xterm') !== null;
}

/** Go to the next region of the page, such as from the editor to the output. */
export function cycleRegions(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(
    (region) => region.offsetParent !== null || region.getClientRects().length > 0,
  );
  if (regions.length === 0) return;
  const current = regions.findIndex((region) => region.contains(document.activeElement));
  const from = current < 0 && step < 0 ? 0 : current;
  focusRegion(regions[(from + step + regions.length) % regions.length]!);
}

// Where somebody wants to be in a region, then anything that can have the focus.
const WANTED = [
  '.cm-content',
  '[role="tree"] [tabindex="0"]',
  '.xterm textarea',
  '[data-stdin] input',
  '[tabindex="0"], button:not(:disabled), a[href], input:not(:disabled)',
];

export function focusRegion(region: HTMLElement): void {
  const found = WANTED.map((each) => region.querySelector<HTMLElement>(each)).find(
    (each) => each !== null && each.getClientRects().length > 0,
  );
  found?.focus();
}

export function focusNamed(name: string): void {
  const region = document.querySelector<HTMLElement>(`[data-region="${name}"]`);
  if (region) focusRegion(region);
}
