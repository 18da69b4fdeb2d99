/** How output is shown, remembered in this browser. */
const SCREEN_READER = 'runyard.screen-reader';

class OutputSettings {
  #screenReader = $state(read(SCREEN_READER));

  /** Whether the terminal writes its text where screen readers find it. */
  get screenReader(): boolean {
    return this.#screenReader;
  }

  set screenReader(isOn: boolean) {
    this.#screenReader = isOn;
    try {
      localStorage.setItem(SCREEN_READER, isOn ? '1' : '');
    } catch {
      // Storage is off; it holds until the page is left.
    }
  }
}

function read(key: string): boolean {
  try {
    return Boolean(localStorage.getItem(key));
  } catch {
    return false;
  }
}

export const settings = new OutputSettings();
