// Builds the console's scripts and styles into the Python package. Each file of src/islands is an entry of its own, loaded
// only by the page that needs it (`{{ island("map") }}` in a template); `main` is on every page.
import { readdirSync } from "node:fs";
import { basename, resolve } from "node:path";
import { defineConfig } from "vite";

const islands = readdirSync(resolve(import.meta.dirname, "src/islands")).filter((f) => f.endsWith(".ts"));
const entries = Object.fromEntries(islands.map((f) => [basename(f, ".ts"), resolve(import.meta.dirname, "src/islands", f)]));

export default defineConfig({
  base: "/static/",
  publicDir: false,
  build: {
    outDir: resolve(import.meta.dirname, "../src/linewarden/console/static"),
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy allows no data: scripts or styles
    modulePreload: { polyfill: false },
    rollupOptions: { input: { main: resolve(import.meta.dirname, "src/main.ts"), ...entries } },
  },
});
