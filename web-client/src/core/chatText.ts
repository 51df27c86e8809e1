//! What there is in a message: links that can be followed, and codes that can be copied. All else is text, whatever it looks like.

import type { Language, QuickReply } from '../protocol.gen';

export type Segment = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string } | { kind: 'code'; text: string };

/** Signs that turn the direction of writing, or that nobody sees, have no place in an address. */
const ADDRESS = /(?:https?:\/\/|www\.)[^\s<>"'`\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/iu;
const TICKS = /`([^`\n]{1,200})`/u;
/** Six or more letters and digits, two of them digits, perhaps in parts: `ORD-2024-118`, `482915036`. */
const CODE = /^(?=(?:\D*\d){2})(?=.{6,64}$)[\p{L}\d]+(?:[-_/][\p{L}\d]+)*$/u;
const AROUND = /^([("'«„“‘[{]*)(.*?)([)"'»“”’\]}.,;:!?…]*)$/su;

export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  let rest = text;
  while (rest !== '') {
    const [address, ticks] = [ADDRESS.exec(rest), TICKS.exec(rest)];
    const isTicks = ticks !== null && (address === null || ticks.index < address.index);
    const found = isTicks ? ticks : address;
    if (!found) break;
    segments.push(...wordsOf(rest.slice(0, found.index)));
    const taken = isTicks ? found[0] : whole(found[0]);
    segments.push(isTicks ? { kind: 'code', text: found[1] ?? '' } : linkOf(taken));
    rest = rest.slice(found.index + taken.length);
  }
  segments.push(...wordsOf(rest));
  return joined(segments);
}

/** An address ends before what ends the sentence; a bracket belongs to it when it was opened there. */
function whole(address: string): string {
  let end = address.length;
  for (;;) {
    const last = address.charAt(end - 1);
    const opened = last === ')' && address.slice(0, end).split('(').length >= address.slice(0, end).split(')').length;
    if (!/[.,;:!?…)\]}»”’*]/u.test(last) || opened) return address.slice(0, end);
    end -= 1;
  }
}

function linkOf(text: string): Segment {
  let url: URL;
  try {
    url = new URL(/^www\./i.test(text) ? `https://${text}` : text);
  } catch {
    return { kind: 'text', text };
  }
  // `https://bank.example@evil.example` looks like one place and is another.
  const isPlain = /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hostname !== '';
  return isPlain ? { kind: 'link', text, href: url.href } : { kind: 'text', text };
}

function wordsOf(text: string): Segment[] {
  return text.split(/(\s+)/u).flatMap((word): Segment[] => {
    const [, before = '', middle = '', after = ''] = AROUND.exec(word) ?? [];
    if (!CODE.test(middle)) return [{ kind: 'text', text: word }];
    return [{ kind: 'text', text: before }, { kind: 'code', text: middle }, { kind: 'text', text: after }];
  });
}

function joined(segments: readonly Segment[]): Segment[] {
  const all: Segment[] = [];
  for (const segment of segments) {
    const last = all.at(-1);
    if (segment.kind === 'text' && last?.kind === 'text') last.text += segment.text;
    else if (segment.text !== '') all.push({ ...segment });
  }
  return all;
}

export interface Reply {
  title: string;
  text: string;
  language: Language;
}

/** Each quick reply in the first of the wanted languages that it has. */
export function repliesIn(replies: readonly QuickReply[], wanted: readonly Language[]): Reply[] {
  return replies.flatMap(({ title, texts }) => {
    const language = [...wanted, ...(Object.keys(texts) as Language[])].find((one) => texts[one]?.trim());
    return language ? [{ title, text: texts[language] ?? '', language }] : [];
  });
}

/** What is looked for by `/` and a few letters: in titles first, then in texts. Null when nothing is. */
export function lookedFor(replies: readonly Reply[], typed: string): Reply[] | null {
  if (!/^\/[^\n]{0,60}$/u.test(typed)) return null;
  const [wanted, title] = [plain(typed.slice(1).trim()), (reply: Reply) => plain(reply.title)];
  const titled = replies.filter((reply) => title(reply).includes(wanted));
  return [...titled, ...replies.filter((reply) => !titled.includes(reply) && plain(reply.text).includes(wanted))];
}

/** Without accents and capitals, as people look for things. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
