// Pages of PDFs (web-client/src/pdf). A sheet is a picture, over which its words lie unseen, each in its place. The guard judges
// the words as it judges those of any page. The picture is hidden from agents until it is known that none of them is secret;
// if one is, agents see what lies beneath: a copy in which it is covered.
//
// A page of somebody else's that is made like ours gets its own pictures hidden, or what it has painted itself copied.

/** The pictures of sheets, and what on them cannot be judged. */
const SHEETS = 'canvas[data-tandem-pdf],[data-tandem-doubt]';
/** The longest secret that is put together of several runs of text (characters). */
const LONGEST = 64;
/** How far apart characters may stand (in their heights) and still be of one number: in a row, and in boxes of a form. */
const TIGHT = 0.5;
const BOXES = 3;
/** How much more than a run's own box is covered (of its height), since a font may reach out of it. */
const MARGIN = 0.2;
const COVER = '#d3dadb';

class Pdf {
  #guard;
  /** Sheets' pictures that have been judged as they are, by their words. */
  #judged = new WeakMap();
  #observer = new MutationObserver((records) => this.#changed(records));
  #observed = new WeakSet();

  constructor(guard) {
    this.#guard = guard;
  }

  /** What is secret has become other: all sheets are judged anew. */
  forget() {
    this.#judged = new WeakMap();
  }

  #changed(records) {
    for (const { target } of records) {
      const sheet = (target.closest ? target : target.parentElement)?.closest('[data-tandem-text]')?.parentElement;
      if (sheet) this.#judged.delete(sheet);
    }
  }

  /** Judges what has not been judged as it is now. */
  look() {
    if (!this.#guard.isReady) return;
    for (const [text, picture, seen] of this.#sheets()) this.#judge(text, picture, seen);
  }

  /** Whether all sheets that agents could see have been judged as they are. */
  isJudged() {
    for (const [text, picture] of this.#sheets()) if (picture && !this.#isJudged(text, picture)) return false;
    return true;
  }

  /** Of each sheet its words, its picture, and the canvas beneath. */
  *#sheets() {
    if (!document.documentElement?.hasAttribute('data-tandem-pdf')) return;
    this.#changed(this.#observer.takeRecords());
    for (const text of document.querySelectorAll('body [data-tandem-text]')) {
      const pictures = [...text.parentElement.children].filter((one) => one.localName === 'canvas');
      const picture = pictures.find((one) => one.matches(SHEETS)) ?? null;
      yield [text, picture, pictures.find((one) => one !== picture) ?? null];
    }
  }

  #isJudged(text, picture) {
    const judged = this.#judged.get(text.parentElement);
    return judged !== undefined && judged.text === text && judged.picture === picture;
  }

  #judge(text, picture, seen) {
    if (this.#isJudged(text, picture)) return;
    if (!this.#observed.has(text)) {
      this.#observed.add(text);
      this.#observer.observe(text, { childList: true, subtree: true, characterData: true, attributes: true });
    }
    const guard = this.#guard;
    for (const pieces of this.#orders(text)) this.#putTogether(pieces);
    if (picture) {
      const isWhole = picture.dataset.tandemPdf !== 'text' || guard.hides(picture.parentElement);
      if (isWhole) guard.hide(text);
      const secrets = [...text.querySelectorAll(SECRETS)];
      if (!isWhole && !guard.hides(text) && secrets.length === 0) {
        if (seen) seen.width = seen.height = 0;
        guard.open(picture);
      } else {
        guard.close(picture);
        if (seen && !this.#copy(picture, seen, text, guard.hides(text) ? null : secrets)) return;
      }
    }
    this.#observer.takeRecords();
    this.#judged.set(text.parentElement, { text, picture });
  }

  /** Copies the picture with the secrets covered; none of it when all of it is secret, or when it is not known where they are. */
  #copy(picture, seen, text, secrets) {
    const box = picture.getBoundingClientRect();
    const context = seen.getContext('2d');
    if (!secrets) {
      [seen.width, seen.height] = [box.width, box.height].map((size) => Math.max(1, Math.round(size)));
      crossedEye(context, seen.width / 2, seen.height / 2);
      return true;
    }
    seen.width = seen.height = 0;
    const boxes = secrets.map((secret) => secret.getBoundingClientRect());
    if (box.width === 0 || box.height === 0) return false;
    // What takes no room cannot be covered in its place.
    if (boxes.some(({ width, height }) => width === 0 && height === 0)) {
      this.#guard.hide(text);
      return this.#copy(picture, seen, text, null);
    }
    [seen.width, seen.height] = [picture.width, picture.height];
    context.drawImage(picture, 0, 0);
    context.fillStyle = COVER;
    const [across, down] = [picture.width / box.width, picture.height / box.height];
    for (const { x, y, width, height } of boxes) {
      const margin = MARGIN * Math.min(width, height) + 1;
      context.fillRect((x - box.x - margin) * across, (y - box.y - margin) * down, (width + 2 * margin) * across, (height + 2 * margin) * down);
    }
    return true;
  }

  /** The runs of a sheet in the order in which they were written, and in that in which they are read. */
  #orders(text) {
    const pieces = [];
    for (const span of text.getElementsByTagName('span')) {
      const { x, y, right, height } = span.getBoundingClientRect();
      if (span.textContent.trim()) pieces.push({ span, text: span.textContent, x, right, middle: y + height / 2, height });
    }
    const lines = pieces.toSorted((one, other) => one.middle - other.middle);
    let line = 0;
    lines.forEach((piece, i) => {
      if (i > 0 && piece.middle - lines[i - 1].middle > piece.height / 3) line += 1;
      piece.line = line;
    });
    return [pieces, lines.toSorted((one, other) => one.line - other.line || one.x - other.x)];
  }

  /** Hides what is secret only when several runs are read together: with spaces between them, and without where they are close. */
  #putTogether(pieces) {
    const { rules } = this.#guard;
    // What a rule shows is shown where it stands, and not with what stands beside it.
    const strict = Object.create(rules, { show: { value: { ...rules.show, text: [] } } });
    // Each by itself: a number may be a part of another that is secret for another reason.
    const reasons = [...this.#guard.shapes(), ...rules.mask.text.map((one) => (text) => one.test(text))];
    for (const isTight of [false, true]) {
      const whole = (from, to) => {
        let text = pieces[from].text.slice(-2 * LONGEST);
        for (let i = from + 1; i < to; i += 1) text += (isTight && areClose(pieces[i - 1], pieces[i]) ? '' : ' ') + pieces[i].text;
        return text;
      };
      for (const [from, to] of stretches(pieces)) {
        if (!this.#guard.isSecretText(whole(from, to), strict)) continue;
        for (const is of reasons) this.#narrow(from, to, (first, last) => is(whole(first, last)), (first, last) => !this.#guard.isSecretText(whole(first, last)), pieces);
      }
    }
  }

  /** Hides, within a stretch, the fewest runs that are secret together. */
  #narrow(from, to, isSecret, isShown, pieces) {
    for (let first = from; first < to && isSecret(first, to); first += 1) {
      let last = to;
      while (last - first > 1 && isSecret(first, last - 1)) last -= 1;
      while (last - first > 1 && isSecret(first + 1, last)) first += 1;
      if (!isShown(first, last)) for (let i = first; i < last; i += 1) this.#guard.hide(pieces[i].span);
    }
  }
}

/** Stretches of runs, of which one at least holds whatever secret there is. */
function* stretches(pieces) {
  for (let from = 0; from < pieces.length - 1; ) {
    let to = from + 1;
    for (let length = 0; to < pieces.length && length < 2 * LONGEST; to += 1) length += pieces[to].text.length + 1;
    yield [from, to];
    if (to === pieces.length) return;
    let next = to;
    for (let length = 0; next > from + 1 && length < LONGEST; next -= 1) length += pieces[next - 1].text.length + 1;
    from = next;
  }
}

function areClose(one, other) {
  const gap = other.x - one.right;
  const height = Math.max(one.height, other.height);
  if (Math.abs(one.middle - other.middle) > height / 2 || gap < -height) return false;
  const areBoxes = one.text.trim().length <= 2 && other.text.trim().length <= 2;
  return gap <= height * (areBoxes ? BOXES : TIGHT);
}

/** Says on a sheet that it is hidden. */
function crossedEye(context, x, y) {
  context.translate(x - 18, y - 18);
  context.scale(1.5, 1.5);
  context.lineWidth = 1.6;
  context.lineCap = 'round';
  context.strokeStyle = '#9aa8ac';
  context.stroke(new Path2D('M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM4 3l16 18'));
}
