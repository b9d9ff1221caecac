// The pages in a real browser, on a daemon of their own: nothing that axe calls serious, and no page wider
// than its window, whatever headlines a feed brings.
//   node .ci/page.mjs PROGRAM CHROMIUM MODULES      (MODULES holds puppeteer-core and axe-core)
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [program, chromium, modules] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "node_modules", "x.js"));
const puppeteer = require("puppeteer-core");
const axe = require("axe-core").source;

const titles = [
  "Ireland formally applies to join NATO",
  `Serbia formally applies to join NATO ${"w".repeat(10_000)}`,
  `Mexico may join BRICS, minister says ${"e\u0301".repeat(3)}${"\u0301".repeat(500)}`,
  "Norway joins calls for ceasefire as NATO ministers meet",
];
const items = titles.map(
  (title, index) => `<item><title>${title}</title><guid>${index}</guid><pubDate>${new Date().toUTCString()}</pubDate></item>`,
);
const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>A</title>${items.join("")}</channel></rss>`;
const site = createServer((_, answer) => answer.setHeader("content-type", "application/rss+xml").end(feed));
await new Promise((done) => site.listen(0, "127.0.0.1", done));

const folder = mkdtempSync(join(tmpdir(), "pactwatch-page-"));
const config = join(folder, "pactwatch.toml");
writeFileSync(config, `include = ["builtin:alliances"]
database = "${folder}/page.db"
[network]
allow_private = ["127.0.0.0/8"]
[web]
listen = "127.0.0.1:0"
[[feed]]
name = "A"
url = "http://127.0.0.1:${site.address().port}/"
[[sink]]
name = "gone"
type = "webhook"
url = "http://127.0.0.1:1/"
allow_private = ["127.0.0.0/8"]
`);
const daemon = spawn(program, ["run", "--config", config], { stdio: ["ignore", "ignore", "pipe"] });
const address = await new Promise((found, failed) => {
  let log = "";
  daemon.stderr.on("data", (bytes) => {
    log += bytes;
    const at = log.match(/the page is at (http:\/\/[0-9.:]+)\//);
    if (at) found(at[1]);
  });
  daemon.on("exit", () => failed(new Error(log)));
});

let wrong = 0;
const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  for (let stories = []; stories.length < 3; ) {
    stories = await (await fetch(`${address}/api/v1/stories`)).json();
  }
  const [message] = await (await fetch(`${address}/api/v1/deliveries`)).json();
  const paths = ["/", "/stories", "/stories/S-1", "/stories/S-2", "/stories/S-3", "/ledger", "/feeds", "/deliveries",
    `/deliveries/${message.id}`, "/rules", "/try?text=Canada+may+join+AUKUS", "/nowhere"];
  for (const path of paths) {
    for (const width of [390, 1280]) {
      await page.setViewport({ width, height: 900 });
      await page.goto(address + path);
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      await page.evaluate(axe);
      const { violations } = await page.evaluate("axe.run()");
      const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
      if (wide > width || serious.length > 0) wrong += 1;
      if (wide > width) console.log(`${path} at ${width}: ${wide} wide`);
      for (const one of serious) console.log(`${path} at ${width}: ${one.id}: ${one.nodes[0].html}`);
    }
  }
  console.log(`${paths.length} pages in two widths, ${wrong} wrong`);
} finally {
  await browser.close();
  daemon.kill();
  site.close();
  rmSync(folder, { recursive: true });
}
process.exit(wrong > 0 ? 1 : 0);
