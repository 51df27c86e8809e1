//! What a company has made of its customers' pages: name, logo, colour, words, languages.

import { api } from '../core/api';
import { wear } from '../look/accent';
import type { Language, PublicCompany, TextsIn } from '../protocol.gen';
import { speech } from '../texts';

const NO_TEXTS: TextsIn = { welcome: '', consent: [], farewell: '' };

let shown = $state.raw<PublicCompany | null>(null);

export const companyPage = {
  /** Pages do not wait for it: without it they look like Tandem's own. */
  async load(company: string): Promise<void> {
    try {
      shown = await api.publicCompany(company);
    } catch {
      return;
    }
    wear(shown.accent);
    await speech.offer(shown.languages.offered, shown.languages.fallback);
  },

  get name(): string | null {
    return shown?.name ?? null;
  },

  get logo(): string | null {
    return shown?.logo_url ?? null;
  },

  /** Whether an agent asks before they click or type. */
  get asksForControl(): boolean {
    return shown?.approvals.control ?? false;
  },

  /** For how many days it is kept when a session was and who took part; null while that is not known. */
  get keptDays(): number | null {
    return shown?.kept_days ?? null;
  },

  get texts(): TextsIn {
    return shown?.texts[speech.language as Language] ?? NO_TEXTS;
  },
};
