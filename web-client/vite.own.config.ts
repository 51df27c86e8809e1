import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

const source = new URL('src/own/', import.meta.url).pathname;
const out = new URL('dist-pdf/', import.meta.url).pathname;

const read = (path: string) => readFileSync(path, 'utf8');

/** The page is one file, which the browser node puts in the place of a page that could not be opened. */
function onePage(): Plugin {
  return {
    name: 'tandem-own-page',
    closeBundle() {
      const script = read(`${out}own.js`).replaceAll('</script', '<\\/script');
      const style = read(`${source}../look/tokens.css`) + read(`${source}page.css`);
      const hash = createHash('sha256').update(script).digest('base64');
      const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'`;
      const parts = { POLICY: policy, STYLE: style, SCRIPT: script };
      const page = read(`${source}page.html`).replace(/%(POLICY|STYLE|SCRIPT)%/g, (_, name: keyof typeof parts) => parts[name]);
      writeFileSync(`${out}own.html`, page);
      rmSync(`${out}own.js`);
    },
  };
}

export default defineConfig({
  publicDir: false,
  plugins: [onePage()],
  build: {
    outDir: 'dist-pdf',
    emptyOutDir: false,
    target: 'es2023',
    modulePreload: false,
    rolldownOptions: { input: 'src/own/main.ts', output: { entryFileNames: 'own.js', codeSplitting: false } },
  },
});
