// Twelve scripts, and how people type each: with a layout's own keys, with dead keys, or with an input method.

/** Sentences enough for 200 characters when repeated. */
const SAMPLES = {
  latin: { by: 'dead', text: 'Éva mañana sœur Größe naïve Øre łódź çà über ÀÉÎÕÜ ñandú. ' },
  greek: { by: 'keys', text: 'Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, Αθήνα ΐΰ. ' },
  cyrillic: { by: 'keys', text: 'Съешь ещё этих мягких французских булок, Київ їжак. ' },
  arabic: { by: 'keys', text: 'نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوبٍ أخضر. ' },
  hebrew: { by: 'keys', text: 'דג סקרן שט בים מאוכזב ולפתע מצא חברה, שָׁלוֹם. ' },
  devanagari: { by: 'keys', text: 'ऋषियों को सताने वाले दुष्ट राक्षसों का सर्वनाश क्षत्रिय। ' },
  thai: { by: 'keys', text: 'เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน ' },
  japanese: { by: 'method', text: 'いろはにほへと東京都に住んでいます。カタカナもOK、' },
  chinese: { by: 'method', text: '我能吞下玻璃而不伤身体，漢字繁體也可以。' },
  korean: { by: 'method', text: '키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다. ' },
  vietnamese: { by: 'method', text: 'Tôi có thể ăn thủy tinh mà không hại gì, đường phố Huế rộng. ' },
  emoji: { by: 'panel', text: '👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇪🇸❤️‍🔥🧑🏿‍🚀1️⃣😀☕️🫱🏼‍🫲🏾' },
};

const graphemes = (text) => [...new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text)].map((one) => one.segment);

/** Each script's text of `length` characters as people count them, and the way it is typed. */
export function scripts(length) {
  return Object.entries(SAMPLES).map(([name, { by, text }]) => {
    const sample = graphemes(text);
    return { name, by, characters: Array.from({ length }, (_, i) => sample[i % sample.length]) };
  });
}

const DEAD = { '\u0301': '´', '\u0300': '`', '\u0302': '^', '\u0303': '~', '\u0308': '¨' };

/** One character of a script, typed into the page that `cdp` speaks to. */
export async function typeCharacter(cdp, by, character) {
  switch (by) {
    case 'keys':
      for (const one of character) await key(cdp, one);
      return;
    case 'dead': {
      const accent = DEAD[[...character.normalize('NFD')][1]];
      if (!accent) return key(cdp, character);
      await compose(cdp, accent);
      return insert(cdp, character);
    }
    case 'method':
      if (!/\p{L}/u.test(character)) return insert(cdp, character);
      await compose(cdp, character.normalize('NFD')[0]);
      await compose(cdp, character);
      return insert(cdp, character);
    case 'panel':
      return insert(cdp, character);
    default:
      throw new Error(by);
  }
}

/** A key of a layout, which makes this character. */
export async function key(cdp, character, code = 'KeyA') {
  const common = { key: character, code, windowsVirtualKeyCode: 65 };
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyDown', text: character, unmodifiedText: character, ...common });
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...common });
}

export const compose = (cdp, text) => cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
export const insert = (cdp, text) => cdp.send('Input.insertText', { text });
