import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Public addresses and the pages behind them; in production signalling does the same. */
const pages: [RegExp, string][] = [
  [/^\/c\/[^/]+$/, '/customer.html'],
  [/^\/agent$/, '/agent.html'],
  [/^\/admin$/, '/admin.html'],
  [/^\/api\/docs$/, '/docs.html'],
];

function addresses(): Plugin {
  return {
    name: 'tandem-addresses',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const [path = '/', query] = (request.url ?? '/').split('?');
        const page = pages.find(([address]) => address.test(path));
        if (page) request.url = query ? `${page[1]}?${query}` : page[1];
        next();
      });
    },
  };
}

const backend = 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/',
  plugins: [svelte(), addresses()],
  build: {
    target: 'es2022',
    // The pages' content security policy allows files of their own only: nothing inline, no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['customer.html', 'agent.html', 'admin.html', 'docs.html'] },
  },
  server: {
    proxy: {
      '/api/v1': backend,
      '/ws': { target: backend.replace('http', 'ws'), ws: true },
    },
  },
});
