//! Small pure pieces of text handling that several pages need.

/** A PIN as it is read aloud: `482 915 036`, and its further digits as `4829 1503`. Anything that is no digit is left out. */
export function groupPin(text: string, most = PIN_DIGITS): string {
  const digits = digitsOf(text, most);
  const [plain, more] = [digits.slice(0, PIN_DIGITS), digits.slice(PIN_DIGITS)];
  return [...(plain.match(/\d{1,3}/g) ?? []), ...(more.match(/\d{1,4}/g) ?? [])].join(' ');
}

/** Further digits alone. */
export function groupMore(text: string): string {
  return (text.match(/\d{1,4}/g) ?? []).join(' ');
}

export const PIN_DIGITS = 9;
/** Asked for only while somebody tries out PINs. */
export const MORE_DIGITS = 8;

export function digitsOf(text: string, most = PIN_DIGITS): string {
  return text.replace(/\D/g, '').slice(0, most);
}

/** The company in `/c/{company}`. */
export function companyOf(path: string): string {
  return decodeURIComponent(/^\/c\/([^/]+)/.exec(path)?.[1] ?? '');
}

/** What people call a site; null for what is none, such as `about:blank`. */
export function hostOf(address: string): string | null {
  try {
    return new URL(address).host || null;
  } catch {
    return null;
  }
}

/** An empty tab, which shows a page of the browser's own. */
export const isEmptyTab = (address: string): boolean => address.startsWith('https://new.invalid/');

/** Only the web: never `javascript:` and its like in a link. */
export function webAddress(address: string | null): string | null {
  if (address === null) return null;
  try {
    return ['http:', 'https:'].includes(new URL(address).protocol) ? address : null;
  } catch {
    return null;
  }
}

/** What a person means by `shop.example`: `https://` is put in front of it, `http://` where it is this very machine. */
export function completeAddress(typed: string): string | null {
  const text = typed.trim();
  if (!text || /\s/.test(text)) return null;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const local = /^(localhost|127\.|\[::1\])/i.test(text);
  return webAddress(scheme ? text : `${local ? 'http' : 'https'}://${text}`);
}

/** `4:12`, and `1:04:12` after an hour. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A site as the policy takes it, the same check as the server's; an address that was pasted is cut down to its host. */
export function siteOf(typed: string): string | null {
  const text = typed.trim().toLowerCase();
  const host = text.includes('://') ? (hostOf(text)?.replace(/:\d+$/, '') ?? '') : text.replace(/\/.*$/, '').replace(/^\*\./, '');
  if (host === '*') return host;
  const labels = host.split('.');
  return host.length <= 253 && labels.every((label) => /^[a-z0-9-]{1,63}$/.test(label)) ? host : null;
}

export interface LineError {
  place: string;
  message: string;
}

/** Takes apart what the server says about a policy: `sites.allowed[1]: not a host name …`, one per line or semicolon. */
export function policyErrors(message: string): LineError[] {
  return message.split(/[;\n]+/).flatMap((line) => {
    const match = /^\s*((?:sites|agent|supervisor)[\w.]*(?:\[\d+\])?):\s*(.+?)\s*$/.exec(line);
    return match?.[1] && match[2] ? [{ place: match[1], message: match[2] }] : [];
  });
}

/** An origin as a browser tells it; an address that was pasted is cut down to it. */
export function originOf(typed: string): string | null {
  const address = webAddress(typed.trim());
  return address === null ? null : new URL(address).origin;
}

/** Whether this is Firefox, which fetches a part of itself that it shows the page with. */
export const isFirefox = typeof navigator !== 'undefined' && /firefox\//i.test(navigator.userAgent);
