class FullScreen {
  on = $state(false);
  /** iPhones have it for plain videos only. */
  readonly possible = document.fullscreenEnabled;

  constructor() {
    document.addEventListener('fullscreenchange', () => (this.on = document.fullscreenElement !== null));
  }

  toggle(): void {
    // A browser may refuse; then everything just stays as it is.
    const done = this.on ? document.exitFullscreen() : document.documentElement.requestFullscreen({ navigationUI: 'hide' });
    done.catch(() => (this.on = document.fullscreenElement !== null));
  }
}

export const fullScreen = new FullScreen();
