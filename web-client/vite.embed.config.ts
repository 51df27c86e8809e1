import { defineConfig } from 'vite';

/** `embed.js` has a fixed name and is one plain script, since other people's pages point at it for years. */
export default defineConfig({
  publicDir: false,
  build: {
    target: 'es2020',
    emptyOutDir: false,
    lib: { entry: 'src/embed/embed.ts', formats: ['iife'], name: 'TandemEmbed', fileName: () => 'embed.js' },
  },
});
