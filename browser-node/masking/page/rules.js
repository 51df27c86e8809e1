// The company's policy, made ready for one document.

/** Words of the verbs that only the customer may press: as whole words anywhere in what a control is called. */
const VERBS = {
  buy: /\b(buy|purchase|pay|place( \w+)? order|order now|complete (order|purchase|payment|booking)|confirm( and)? (order|payment|purchase|booking)|book now|subscribe|checkout and pay|donate|kaufen|jetzt kaufen|kaufe\w*|bezahlen?|zahlen|zahlungspflichtig\w*|(kosten|zahlungs)pflichtig \w+|bestellen|bestellung (abschicken|aufgeben)|jetzt (buchen|abonnieren)|acheter|payer|commander|passer (la |ma )?commande|valider (la |ma |mon )?(commande|paiement|panier)|regler|reserver maintenant|s abonner|comprar|pagar|realizar (el )?(pedido|pago)|tramitar pedido|finalizar (compra|pedido)|confirmar (la |el )?(compra|pedido|pago)|suscribirse|compra(re)?|acquista(re)?|paga(re)?|ordina(re)?|effettua (l )?(ordine|pagamento)|conferma (l |il )?(ordine|acquisto|pagamento)|prenota ora|abbonati)\b/,
  accept: /\b(accept|agree|i consent|consent|allow all|approve|confirm|akzeptieren?|annehmen|zustimmen|einverstanden|bestatigen|genehmigen|accepter|j accepte|approuver|consentir|confirmer|valider|aceptar|acepto|consentir|aprobar|autorizar|confirmar|accetta(re)?|accetto|acconsent\w+|approva(re)?|conferma(re)?)\b/,
  send: /\b(send|submit|apply now|transfer|post|publish|file (return|claim)|absenden|abschicken|senden|ubermitteln|einreichen|uberweisen|beantragen|veroffentlichen|envoyer|soumettre|transmettre|deposer|virer|publier|enviar|presentar|transferir|solicitar|publicar|invia(re)?|trasmetti|inoltra(re)?|presenta(re)?|pubblica(re)?|bonifico)\b/,
  delete: /\b(delete|remove account|close (my )?account|cancel (my )?(subscription|contract|order|booking|membership)|terminate|unsubscribe|erase|loschen|entfernen|kundigen|stornieren|widerrufen|supprimer|effacer|resilier|annuler (la |ma |mon )?(commande|abonnement|contrat)|eliminar|borrar|cancelar (la |mi )?(suscripcion|pedido|cuenta|contrato)|dar de baja|elimina(re)?|cancella(re)?|rimuovi|disdici|recedi)\b/,
  sign: /\b(sign|e ?sign|sign (now|document|contract|here)|unterschreiben|unterzeichnen|signieren|signer|firmar|firma(re)?|sottoscriv\w+)\b/,
};
/** What looks like such a verb and is none: signing in is not signing. */
const NO_VERB = /\b(sign ?(in|up|out|on)|(add|into?) (to )?(cart|basket|bag)|add to \w+|pay ?pal (login|sign in)|payment methods?|pay later info|post ?(code|al)?|cookie)\b/g;

/** `*` stands for up to 40 characters, `#` for a digit; found anywhere, whatever the case. */
function patternOf(text) {
  const escaped = text.replace(/[\\^$.|?+()[\]{}/]/g, '\\$&').replaceAll('#', '\\d').replaceAll('*', '.{0,40}?').replace(/\s+/g, '\\s+');
  return new RegExp(escaped, 'isu');
}

const covers = (site) => !site || site === '*' || location.hostname === site || location.hostname.endsWith(`.${site}`);

class Rules {
  /** Presets of what is hidden, and verbs of what is blocked. */
  hides = new Set();
  blocks = [];
  mask = { selector: [], label: [], text: [], element: [] };
  show = { selector: [], label: [], text: [], element: [] };
  block = { selector: [], label: [], role: [], address: [], element: [] };
  allow = { selector: [], label: [], role: [], address: [], element: [] };

  /** None is the strictest: nothing is known of what the company lets be seen. */
  constructor(policy) {
    this.policy = policy;
    this.known = policy != null;
    if (!this.known) return;
    this.hides = new Set(policy.masking.presets);
    this.blocks = policy.blocking.presets.map((verb) => VERBS[verb]);
    for (const rule of policy.masking.rules) if (covers(rule.site)) this.#add(rule.hide ? this.mask : this.show, rule.what);
    for (const rule of policy.blocking.rules) if (covers(rule.site)) this.#add(rule.block ? this.block : this.allow, rule.what);
  }

  #add(rules, what) {
    if (what.by === 'role') return rules.role.push(what.role);
    try {
      if (what.by === 'element') return rules.element.push(new Finder(what.element));
      if (what.by !== 'selector') return rules[what.by].push(patternOf(what.pattern));
      document.createDocumentFragment().querySelector(what.selector);
      rules.selector.push(what.selector);
    } catch {
      // A rule that cannot be read holds for everything, unless it would show or allow.
      if (rules === this.mask) this.hides.add('all_inputs');
      if (rules === this.block) this.blocks.push(/^/);
    }
  }

  get everything() {
    return !this.known || this.hides.has('everything');
  }

  /** Whether a field is hidden by what it is. */
  hidesField(element) {
    if (!this.known) return true;
    const told = this.told(element);
    if (told === true) return true;
    const kind = kindOf(element);
    if (kind === 'passwords' && this.hides.has(kind)) return true;
    if (told === false) return false;
    return this.hides.has('all_inputs') || this.hides.has('everything') || this.hides.has(kind);
  }

  /** What the company's own rules say of an element: hide it, show it, or nothing. */
  told(element) {
    const matches = (rules, inDoubt) => this.#names(rules, element, inDoubt) || (rules.label.length > 0 && rules.label.some((one) => one.test(labelsOf(element))));
    if (matches(this.mask, true)) return true;
    return matches(this.show, false) ? false : null;
  }

  /** Whether a rule means this very element, whatever kind it is of. What cannot be told is hidden and blocked. */
  #names({ selector, element: finders }, element, inDoubt) {
    return selector.some((one) => element.matches(one)) || finders.some((one) => one.finds(element, inDoubt));
  }

  hidesElement(element) {
    return this.#names(this.mask, element, true);
  }

  showsElement(element) {
    return this.#names(this.show, element, false);
  }

  /** Whether only the customer may press this, and whatever is in it. */
  blocksElement(element) {
    return this.block.element.some((one) => one.finds(element, true));
  }

  /** Whether this control is the customer's alone to press. */
  blocksControl(element) {
    if (!this.known) return true;
    const matches = (rules, inDoubt) =>
      this.#names(rules, element, inDoubt) ||
      (rules.label.length > 0 && rules.label.some((one) => one.test(nameOf(element)))) ||
      rules.role.some((one) => roleOf(element) === one) ||
      (rules.address.length > 0 && rules.address.some((one) => one.test(targetOf(element))));
    if (matches(this.block, true)) return true;
    if (matches(this.allow, false)) return false;
    const words = verbsOf(element);
    return this.blocks.some((verb) => verb.test(words));
  }

  /** Whether going to an address is the customer's alone. */
  blocksAddress(url) {
    return !this.known || this.block.address.some((one) => one.test(url));
  }
}

/** The words of a control in which verbs are looked for. */
const verbsOf = (element) => plainWords(nameOf(element)).replace(NO_VERB, '');

/** What labels a field, one a line. */
const labelsOf = (element) => [...labelOf(element), element.getAttribute('aria-label') ?? '', element.getAttribute('placeholder') ?? ''].join('\n');

/** What a control is called (a plain part of ARIA's "accessible name"). */
function nameOf(element) {
  const label = element.getAttribute('aria-label');
  if (label) return label;
  if (element.localName === 'input') return [element.value, element.alt, element.title, ...labelOf(element)].join(' ').slice(0, 200);
  const images = [...element.querySelectorAll('img[alt],svg title')].map((image) => image.alt ?? image.textContent);
  return [...labelOf(element), element.textContent, ...images, element.title ?? ''].join(' ').slice(0, 200);
}

function roleOf(element) {
  const role = element.getAttribute('role');
  if (role) return role;
  if (element.localName === 'a') return 'link';
  if (element.localName === 'input') return { checkbox: 'checkbox', radio: 'radio', submit: 'button', button: 'button', image: 'button', reset: 'button' }[element.type] ?? 'textbox';
  return { button: 'button', select: 'combobox', textarea: 'textbox', summary: 'button', option: 'option' }[element.localName] ?? '';
}

const targetOf = (element) => element.href?.baseVal ?? element.href ?? element.formAction ?? element.form?.action ?? '';
