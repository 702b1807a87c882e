// Builds every front-end file of the portal into static/dist; run by `npm run build`.
import { execFileSync } from "node:child_process";
import {
  cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "..");
const modules = join(here, "node_modules");
const out = join(modules, ".dist");
const target = join(root, "static", "dist");

const FONTS = {
  "inter-latin-wght-normal.woff2": "@fontsource-variable/inter",
  "jetbrains-mono-latin-wght-normal.woff2": "@fontsource-variable/jetbrains-mono",
};
const SCRIPTS = {
  theme: "src/theme.js",
  app: "src/app/index.js",
  editor: "src/editor/index.js",
  charts: "src/charts/index.js",
};

function listFiles(folder, extension) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(path, extension);
    return entry.name.endsWith(extension) ? [path] : [];
  });
}

function existing(folder, extension) {
  return statSync(folder, { throwIfNoEntry: false }) ? listFiles(folder, extension) : [];
}

// An icon named by a literal in a template or a view joins the sprite by itself; icons whose
// names are computed at run time stand in icons.txt.
function iconNames() {
  const listed = readFileSync(join(here, "icons.txt"), "utf8").split(/\s+/);
  const patterns = [
    /components\/icon\.html["'] with (?:[^%]*\s)?name="([a-z0-9-]+)"/g,
    /\bicon=["']([a-z0-9-]+)["']/g,
    /["']icon["']:\s*["']([a-z0-9-]+)["']/g,
  ];
  const sources = [
    ...existing(join(root, "templates"), ".html"),
    ...existing(join(root, "templates"), ".json"),
    ...existing(join(root, "apps"), ".html"),
    ...existing(join(root, "apps"), ".py"),
  ];
  const named = sources.flatMap((path) => {
    const text = readFileSync(path, "utf8");
    return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]));
  });
  return [...new Set([...listed, ...named])].filter(Boolean).sort();
}

function symbol(name) {
  const path = join(modules, "lucide-static", "icons", `${name}.svg`);
  if (!statSync(path, { throwIfNoEntry: false })) throw new Error(`lucide has no icon "${name}"`);
  const body = readFileSync(path, "utf8").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
  const paint = 'fill="none" stroke="currentColor" stroke-width="1.75" ' +
    'stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${paint}>${body.replace(/\s*\n\s*/g, "")}</symbol>`;
}

function buildIcons() {
  const symbols = iconNames().map(symbol).join("\n");
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols}\n</svg>\n`;
  writeFileSync(join(out, "icons.svg"), sprite);
}

function copyFonts() {
  mkdirSync(join(out, "fonts"));
  for (const [file, name] of Object.entries(FONTS)) {
    cpSync(join(modules, name, "files", file), join(out, "fonts", file));
  }
}

function buildStyles() {
  const cli = join(modules, "@tailwindcss", "cli", "dist", "index.mjs");
  const args = [cli, "-i", "src/css/app.css", "-o", join(out, "app.css"), "--minify"];
  execFileSync(process.execPath, args, { cwd: here, stdio: ["ignore", "ignore", "inherit"] });
}

async function buildScripts() {
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: SCRIPTS,
    outdir: out,
    bundle: true,
    minify: true,
    metafile: true,
    format: "iife",
    target: ["es2022"],
    legalComments: "none",
    logLevel: "warning",
  });
  return result.metafile;
}

// The file says for each package what a licence review asks: name, version, licence, and where
// its code ended up.
function writeManifest(metafile) {
  const shipped = new Map();
  const ship = (name, file) => shipped.set(name, (shipped.get(name) ?? new Set()).add(file));
  for (const [path, output] of Object.entries(metafile.outputs)) {
    for (const input of Object.keys(output.inputs)) {
      const match = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
      if (match) ship(match[1], relative(out, resolve(here, path)));
    }
  }
  for (const [file, name] of Object.entries(FONTS)) ship(name, `fonts/${file}`);
  ship("lucide-static", "icons.svg");
  for (const name of ["tailwindcss", "daisyui"]) ship(name, "app.css");
  const packages = [...shipped].sort(([a], [b]) => a.localeCompare(b)).map(([name, files]) => {
    const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    return { name, version, license, files: [...files].sort() };
  });
  writeFileSync(join(out, "manifest.json"), `${JSON.stringify({ packages }, null, 2)}\n`);
}

// Everything is built aside and swapped in at the end, so a failed build leaves the last good one.
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
copyFonts();
buildIcons();
buildStyles();
writeManifest(await buildScripts());
rmSync(target, { recursive: true, force: true });
mkdirSync(dirname(target), { recursive: true });
renameSync(out, target);
for (const path of listFiles(target, "").sort()) {
  console.log(`${String(Math.ceil(statSync(path).size / 1024)).padStart(5)} kB  ${relative(root, path)}`);
}
