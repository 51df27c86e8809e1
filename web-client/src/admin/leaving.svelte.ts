//! Whoever has something that is not saved is asked before another page takes its place.

let ask = $state.raw<((page: string) => boolean) | null>(null);

export const leaving = {
  /** `held` is told where to, and returns whether the page stays for now. */
  hold(held: ((page: string) => boolean) | null): void {
    ask = held;
  },

  isHeld(page: string): boolean {
    return ask?.(page) ?? false;
  },
};
