/** What somebody has typed and not saved yet; it outlives a reload of the page, in this tab. */
import { inTab } from '#lib/storage.ts';

const PREFIX = 'runyard.admin.draft.';

export const readDraft = <T>(name: string) => inTab.readJson(PREFIX + name) as T | null;

export const keepDraft = (name: string, draft: unknown) => inTab.writeJson(PREFIX + name, draft);

export const dropDraft = (name: string) => inTab.write(PREFIX + name, null);
