/**
 * Turns each link to a demo into the running demo, when it comes near the window.
 * Without JavaScript, or if the module fails, the link to its source stays.
 */

/** @param {string} tag @param {string} name of its class */
function make(tag, name) {
  const node = document.createElement(tag);
  node.className = name;
  return node;
}

/** @param {HTMLAnchorElement} link */
async function start(link) {
  const frame = link.closest("div.demo") ?? link.parentElement;
  if (!frame) return;
  try {
    const [module, { share }] = await Promise.all([import(link.href), import("./state.mjs")]);
    const root = make("div", "demo-root");
    await module.mount(root); // some load small weights first
    const bar = make("div", "demo-bar");
    const title = make("p", "demo-title");
    title.textContent = link.textContent;
    const foot = make("div", "demo-foot");
    bar.append(title, foot);
    link.textContent = "Source";
    link.setAttribute("aria-label", "Source of this demo");
    link.classList.add("demo-source");
    foot.append(link);
    frame.classList.add("demo-running");
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", `Demo: ${title.textContent}`);
    frame.prepend(bar, root);
    share(root, foot);
  } catch (error) {
    frame.classList.add("demo-failed");
    const note = make("p", "demo-status");
    note.setAttribute("role", "status");
    note.textContent = `The demo could not start: ${error instanceof Error ? error.message : error}.`;
    frame.append(note);
    console.error(error);
  }
}

function watch() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (
    document.querySelectorAll('a.demo[href$=".mjs"]')
  );
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        observer.unobserve(entry.target);
        start(/** @type {HTMLAnchorElement} */ (entry.target));
      }
    },
    { rootMargin: "300px" },
  );
  for (const link of links) observer.observe(link);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", watch);
else watch();
