import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

const source = new URL('src/pdf/', import.meta.url).pathname;
const library = new URL('node_modules/pdfjs-dist/', import.meta.url).pathname;
const out = new URL('dist-pdf/', import.meta.url).pathname;

const read = (path: string) => readFileSync(path, 'utf8');
/** So that a script's text ends no element. */
const inline = (script: string) => script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');

/** The page is one file, which the browser node puts in the place of a PDF: nothing of it is at an address of the site's. */
function onePage(): Plugin {
  return {
    name: 'tandem-one-page',
    closeBundle() {
      const script = inline(read(`${out}page.js`));
      const style = read(`${source}../look/tokens.css`) + read(`${source}page.css`);
      const worker = inline(read(`${library}build/pdf.worker.min.mjs`));
      const hash = createHash('sha256').update(script).digest('base64');
      // Nothing comes from elsewhere but by the browser node itself, which answers for `pdf.invalid`.
      const policy = `default-src 'none'; script-src 'sha256-${hash}' 'wasm-unsafe-eval'; worker-src blob:; style-src 'unsafe-inline'; img-src blob: data:; font-src blob: data: https://pdf.invalid; connect-src https://pdf.invalid; form-action 'none'; base-uri 'none'`;
      const parts = { POLICY: policy, STYLE: style, WORKER: worker, SCRIPT: script };
      const page = read(`${source}page.html`).replace(/%(POLICY|STYLE|WORKER|SCRIPT)%/g, (_, name: keyof typeof parts) => parts[name]);
      writeFileSync(`${out}page.html`, page);
      rmSync(`${out}page.js`);
      for (const [from, to] of [['cmaps', 'cmaps'], ['standard_fonts', 'fonts'], ['wasm', 'wasm']]) cpSync(`${library}${from}`, `${out}${to}`, { recursive: true });
      cpSync(`${library}LICENSE`, `${out}LICENSE`);
      // Only for engines that have no WebAssembly.
      rmSync(`${out}wasm/openjpeg_nowasm_fallback.js`, { force: true });
    },
  };
}

export default defineConfig({
  publicDir: false,
  plugins: [onePage()],
  build: {
    outDir: 'dist-pdf',
    target: 'es2023',
    chunkSizeWarningLimit: 2000,
    modulePreload: false,
    rolldownOptions: { input: 'src/pdf/main.ts', output: { entryFileNames: 'page.js', codeSplitting: false } },
  },
});
