/**
 * Turns each link to a demo into the running demo, when it comes near the window.
 * Without JavaScript, or if the module fails, the link to its source stays.
 */

/** @param {HTMLAnchorElement} link */
async function start(link) {
  const frame = link.closest("div.demo") ?? link.parentElement;
  if (!frame) return;
  try {
    const [module, { share }] = await Promise.all([import(link.href), import("./state.mjs")]);
    const root = document.createElement("div");
    root.className = "demo-root";
    module.mount(root);
    const title = document.createElement("p");
    title.className = "demo-title";
    title.textContent = link.textContent;
    const foot = document.createElement("div");
    foot.className = "demo-foot";
    link.before(foot);
    link.textContent = "Source of this demo";
    link.classList.add("demo-source");
    foot.append(link);
    frame.classList.add("demo-running");
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", `Demo: ${title.textContent}`);
    frame.prepend(title, root);
    share(root, foot);
  } catch (error) {
    frame.classList.add("demo-failed");
    const note = document.createElement("p");
    note.className = "demo-status";
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
