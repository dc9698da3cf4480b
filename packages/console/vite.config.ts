import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

import { faultsPlugin } from './faults-plugin.js';
import { FirstLoad } from './first-load.js';

/** Where `npm run dev:console` sends requests to the API: a running `ferry up`. */
const devServer = 'http://127.0.0.1:8080';

const firstLoad = new FirstLoad();

export default defineConfig({
  root: import.meta.dirname,
  // The server says in <base> under which path it serves the console.
  base: './',
  plugins: [react(), faultsPlugin(), firstLoad.plugin],
  server: {
    port: 5173,
    proxy: { '/api': { target: devServer, changeOrigin: false } },
  },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // A data: URL would need an exception in the Content-Security-Policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: 'base', test: firstLoad.has }] },
      },
    },
  },
});
