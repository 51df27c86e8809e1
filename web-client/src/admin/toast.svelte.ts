//! What the last change says, and how it is taken back.

export interface Said {
  text: string;
  undo?: () => void;
  bad?: boolean;
}

const SHOWN = 8_000;

let said = $state.raw<Said | null>(null);
let timer: ReturnType<typeof setTimeout>;

export const toast = {
  get said(): Said | null {
    return said;
  },

  /** What went wrong stays until something else is said. */
  say(next: Said | null, stays = next?.bad ?? false): void {
    clearTimeout(timer);
    said = next;
    if (next && !stays) timer = setTimeout(() => (said = null), SHOWN);
  },
};
