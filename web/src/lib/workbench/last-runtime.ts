/** The runtime that was chosen last, for whoever begins without naming one. */
import { inBrowser } from '#lib/storage.ts';

const KEY = 'runyard.runtime';

export const rememberRuntime = (id: string) => inBrowser.write(KEY, id);

export const lastRuntime = () => inBrowser.read(KEY);
