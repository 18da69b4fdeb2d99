/** How output is shown, remembered in this browser. */
import { inBrowser } from '#lib/storage.ts';

const SCREEN_READER = 'runyard.screen-reader';

class OutputSettings {
  #screenReader = $state(Boolean(inBrowser.read(SCREEN_READER)));

  /** Whether the terminal writes its text where screen readers find it. */
  get screenReader(): boolean {
    return this.#screenReader;
  }

  set screenReader(isOn: boolean) {
    this.#screenReader = isOn;
    inBrowser.write(SCREEN_READER, isOn ? '1' : '');
  }
}

export const settings = new OutputSettings();
