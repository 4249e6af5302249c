/**
 * The page that was meant, guessed from an address at which there is none: by the addresses and titles of all pages,
 * by their earlier addresses, and where these are unlike, by the search.
 */

import { make } from "./dom.mjs";
import { slug } from "./search-index.mjs";
import { distance } from "./search-query.mjs";

/** @typedef {{href: string, title: string}} Guess */
/** @typedef {{address: string, title: string, earlier?: string}} Place */

const GUESSES = 3;
const LIKE = 0.6; // how alike an address must be to be shown
const SURE = 0.8; // and so that the search need not be asked

/** @param {string} path the steps of an address, without endings that say nothing */
export function steps(path) {
  let plain = path;
  try {
    plain = decodeURIComponent(path);
  } catch {
    // Whoever wrote `100%` meant it.
  }
  return plain
    .toLowerCase()
    .split("/")
    .map((step) => step.replace(/\.(?:html?|md|php)$/, "").replace(/[^\p{L}\p{N}]+/gu, "-"))
    .map((step) => step.replace(/^-|-$/g, ""))
    .filter((step) => step && step !== "index");
}

/**
 * How alike two words are, from nothing to one.
 * @param {string} one
 * @param {string} other
 */
function alike(one, other) {
  const longer = Math.max(one.length, other.length);
  if (!longer) return 0;
  if (one === other) return 1;
  const most = Math.floor(longer / 3);
  const far = distance(one, other, most);
  if (far <= most) return 1 - far / longer;
  // A part of a name of several words: "adversarial", "rlhf-training".
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length > 2 && `-${long}-`.includes(`-${short}-`) ? 0.7 : 0;
}

/**
 * The pages whose addresses or titles are like a path, best first, with how alike they are.
 * @param {string} path below the site's own
 * @param {Place[]} places
 * @returns {{address: string, title: string, like: number}[]}
 */
export function near(path, places) {
  const typed = steps(path);
  const last = typed.at(-1) ?? "";
  /** @type {Map<string, {address: string, title: string, like: number}>} */
  const best = new Map();
  for (const { address, title, earlier } of places) {
    const own = steps(earlier ?? address);
    const whole = alike(typed.join("-"), own.join("-"));
    const end = alike(last, own.at(-1) ?? "");
    const named = earlier ? 0 : alike(last, slug(title)) - 0.02;
    // Of pages that end alike, the one in the same folder.
    const folder = own.length > 1 && alike(typed.at(-2) ?? "", own.at(-2) ?? "") > 0.6 ? 0.02 : 0;
    const like = Math.max(whole, end - 0.03 + folder, named) - (earlier ? 0.01 : 0);
    const page = address.split("#")[0];
    if (like > (best.get(page)?.like ?? LIKE)) best.set(page, { address, title, like });
  }
  return [...best.values()].sort((a, b) => b.like - a.like).slice(0, GUESSES);
}

/** @param {URL} base where the site lies */
function known(base) {
  /** @type {Map<string, string>} */
  const titles = new Map();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (
    document.querySelectorAll(".nav a")
  ))
    titles.set(link.href, link.textContent ?? "");
  /** @type {Place[]} */
  const places = [...titles].map(([href, title]) => ({
    address: href.slice(base.href.length),
    title,
  }));
  /** @type {Record<string, string>} */
  const moved = JSON.parse(
    document.querySelector("[data-moved]")?.getAttribute("data-moved") ?? "{}",
  );
  for (const [earlier, now] of Object.entries(moved)) {
    const [path, anchor] = now.split("#");
    const address = path.replace(/(?:(^|\/)index)?\.md$/, (_, cut) => cut ?? "/");
    const title = titles.get(base.href + address);
    if (title) places.push({ address: anchor ? `${address}#${anchor}` : address, title, earlier });
  }
  return places;
}

/**
 * What the search finds for the words of an address.
 * @param {string} url of its index
 * @param {string} words
 */
async function searched(url, words) {
  const [{ find, read }, answer] = await Promise.all([import("./search-engine.mjs"), fetch(url)]);
  if (!answer.ok) return [];
  const index = await read(await answer.json());
  return find(index, words).groups.map(({ page }) => ({
    address: page.address,
    title: page.title,
  }));
}

/** @param {HTMLElement} box where the guesses stand; it is as high as three of them before they come */
async function guess(box) {
  const dialog = document.querySelector("dialog.search");
  const index = dialog instanceof HTMLElement ? (dialog.dataset.index ?? "") : "";
  const base = new URL("..", new URL(index, location.href));
  const below = location.pathname.startsWith(base.pathname) ? base.pathname.length : 1;
  const path = location.pathname.slice(below);
  const words = steps(path).join(" ").replaceAll("-", " ");
  const guesses = near(path, known(base));
  if (words && (guesses[0]?.like ?? 0) < SURE)
    for (const found of await searched(index, words).catch(() => []))
      if (
        guesses.length < GUESSES &&
        guesses.every(({ address }) => address.split("#")[0] !== found.address)
      )
        guesses.push({ ...found, like: 0 });
  const items = guesses.map(({ address, title }) =>
    make("li", {}, make("a", { href: new URL(address, base).href }, title)),
  );
  box.replaceChildren(
    make("p", {}, items.length ? "Did you mean:" : "No page has an address like it."),
    ...(items.length ? [make("ul", {}, ...items)] : []),
  );
  const button = document.querySelector("main [data-search]");
  if (!button || !words) return;
  // Of the button alone: who has begun to type meanwhile looks for something else.
  button.setAttribute("data-search", words);
  button.textContent = `Search for “${words}”`;
}

const box = document.querySelector(".guesses");
if (box instanceof HTMLElement) guess(box);
