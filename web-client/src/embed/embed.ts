//! `embed.js`: one line on a company's site that puts a "Get help" button on every page. It depends on nothing, leaves no
//! trace in the page but one element and `window.Tandem`, and works under a strict content security policy.

interface TandemApi {
  /** Opens the page where a customer enters their PIN, as a window beside this one. */
  open(): void;
  /** Shows or hides the button, for sites that bring their own. */
  show(): void;
  hide(): void;
}

declare global {
  interface Window {
    Tandem?: TandemApi;
  }
}

const LABELS: Record<string, string> = {
  en: 'Get help',
  es: 'Obtener ayuda',
  fr: 'Obtenir de l’aide',
  de: 'Hilfe bekommen',
  pt: 'Obter ajuda',
  it: 'Ricevi assistenza',
  nl: 'Hulp krijgen',
};

const STYLE = `
:host { all: initial; }
button {
  position: fixed; inset: auto max(20px, env(safe-area-inset-right)) max(20px, env(safe-area-inset-bottom)) auto; z-index: 2147483000;
  display: flex; align-items: center; gap: 10px; min-height: 48px; padding: 0 20px 0 16px;
  border: 0; border-radius: 24px; background: #0b6e69; color: #fff; cursor: pointer;
  font: 600 15px/1 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  box-shadow: 0 1px 2px rgb(13 31 33 / 16%), 0 6px 20px rgb(13 31 33 / 22%);
}
button:hover { background: #085a56; }
button:focus-visible { outline: 3px solid #0b6e69; outline-offset: 3px; }
button[hidden] { display: none; }
svg { flex: none; }
@media print { button { display: none; } }
`;

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !window.Tandem) start(script);

function start(script: HTMLScriptElement): void {
  const company = script.dataset['company'];
  if (!company) {
    console.warn('Tandem: embed.js needs data-company="…".');
    return;
  }
  const page = `${new URL(script.src).origin}/c/${encodeURIComponent(company)}`;
  const open = () => {
    // A window of its own keeps this page; where windows are refused, a new tab does.
    const features = `popup,noopener,width=${Math.min(1280, screen.availWidth)},height=${Math.min(860, screen.availHeight)}`;
    window.open(page, '_blank', matchMedia('(pointer: coarse)').matches ? 'noopener' : features);
  };
  const button = makeButton(script.dataset['label'] ?? label(), open);
  window.Tandem = {
    open,
    show: () => (button.hidden = false),
    hide: () => (button.hidden = true),
  };
  // Sites with a button of their own say data-button="none".
  button.hidden = script.dataset['button'] === 'none';
  const host = document.createElement('tandem-help');
  const root = host.attachShadow({ mode: 'open' });
  style(root);
  root.append(button);
  const attach = () => document.body.append(host);
  if (document.body) attach();
  else document.addEventListener('DOMContentLoaded', attach);
}

function label(): string {
  // The page's own language, so that the button fits the page; the browser's where the page does not say.
  const tag = document.documentElement.lang || navigator.language;
  return LABELS[tag.split('-')[0]?.toLowerCase() ?? ''] ?? 'Get help';
}

function makeButton(text: string, open: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const [name, value] of [['width', '22'], ['height', '22'], ['viewBox', '0 0 32 32'], ['aria-hidden', 'true']] as const) svg.setAttribute(name, value);
  for (const [d, opacity] of [['M5 5l8.2 19.6 2.9-8.1 8.1-2.9z', '1'], ['M18.6 18.4 24 30.2l1.7-5.1 5.1-1.7z', '.6']] as const) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', d);
    path.setAttribute('fill', '#fff');
    path.setAttribute('opacity', opacity);
    svg.append(path);
  }
  button.append(svg, text);
  button.addEventListener('click', open);
  return button;
}

/** Style sheets made by script are not subject to the page's content security policy; an inline one is. */
function style(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const element = document.createElement('style');
    element.textContent = STYLE;
    root.append(element);
  }
}

export {};
