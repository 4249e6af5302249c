/** Where the pictures of the demo stand. */

import * as ui from "../../assets/demos/ui.mjs";

/** @param {Element} stage @param {number} width the width at which the column breaks */
export function column(stage, width) {
  const node = ui.element("div", {}, stage);
  node.style.flex = `1 1 ${width}px`;
  node.style.minWidth = "0";
  return node;
}

/** @param {Element} parent @param {string} caption */
export function figure(parent, caption) {
  const node = ui.element("figure", { class: "demo-figure" }, parent);
  node.style.margin = "0 0 0.5rem";
  node.style.flex = "1 1 8.5rem";
  ui.element("figcaption", { text: caption }, node);
  return node;
}
