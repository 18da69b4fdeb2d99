/** Where the panes of the workbench are, remembered in this browser. */
import { inBrowser } from '#lib/storage.ts';

export type Segment = 'code' | 'input' | 'output';
/** Artifacts and tests are there if the run has any. */
export type SideTab = 'output' | 'input' | 'history' | 'artifacts' | 'tests';

export const TREE_WIDTH = { min: 160, max: 360, usual: 220 };
export const SIDE_SHARE = { min: 20, max: 75, usual: 40 };

interface Remembered {
  treeWidth: number;
  /** Percent of what the tree leaves. */
  sideShare: number;
  isTreeOpen: boolean;
  isSideOpen: boolean;
  side: 'auto' | 'right' | 'below';
}

const KEY = 'runyard.layout';
const INITIAL: Remembered = {
  treeWidth: TREE_WIDTH.usual,
  sideShare: SIDE_SHARE.usual,
  isTreeOpen: true,
  isSideOpen: true,
  side: 'auto',
};

export class Layout {
  kept: Remembered = $state({ ...INITIAL, ...(inBrowser.readJson(KEY) ?? {}) });
  tab: SideTab = $state('output');
  /** What a phone shows. */
  segment: Segment = $state('code');
  /** On a phone the files cover the code while they are open. */
  isDrawerOpen = $state(false);
  isPhone = $state(false);
  #isWide = $state(false);

  /** Begin to follow the width of the window. */
  open(): () => void {
    const ends = [
      follow('(max-width: 767px)', (matches) => (this.isPhone = matches)),
      follow('(min-width: 1200px)', (matches) => (this.#isWide = matches)),
    ];
    return () => ends.forEach((end) => end());
  }

  get isRight(): boolean {
    return this.kept.side === 'auto' ? this.#isWide : this.kept.side === 'right';
  }

  change(changes: Partial<Remembered>): void {
    Object.assign(this.kept, changes);
    inBrowser.writeJson(KEY, this.kept);
  }

  showSide(tab: SideTab): void {
    this.tab = tab;
    if (this.isPhone) this.segment = tab === 'input' ? 'input' : 'output';
    else if (!this.kept.isSideOpen) this.change({ isSideOpen: true });
  }
}

function follow(query: string, tell: (matches: boolean) => void): () => void {
  const media = matchMedia(query);
  const changed = () => tell(media.matches);
  changed();
  media.addEventListener('change', changed);
  return () => media.removeEventListener('change', changed);
}
