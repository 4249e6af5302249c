/** What the scripts of a page share: making elements, and reading addresses. */

/**
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {any}
 */
export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

/**
 * Lets a button copy a text, and say for two seconds what came of it.
 * @param {HTMLElement} button
 * @param {() => Promise<string> | string} text
 * @param {() => string} otherwise what is done where nothing may be copied; returns what the button then says
 */
export function copies(button, text, otherwise) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(await text());
      button.textContent = "Copied";
    } catch {
      button.textContent = otherwise();
    }
    setTimeout(() => (button.textContent = label), 2000);
  });
}

/** @param {string} hash the fragment of an address; whoever links here may have written `#100%` */
export const fragment = (hash) => {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return hash.slice(1);
  }
};

/** @param {string} hash */
export const named = (hash) => (hash.length > 1 ? document.getElementById(fragment(hash)) : null);
