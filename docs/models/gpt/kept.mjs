/**
 * What the address of the demo holds besides its controls: tokens, where the text alone would be cut
 * otherwise, and the two of them that are looked at.
 */

import { keep } from "../../assets/demos/state.mjs";

/**
 * @param {Element} root of the demo
 * @param {{query: number, key: number, plain: number[], apart: () => number[], seen: () => number[], flush: () => void, take: (tokens: number[]) => void, point: (query: number, key: number) => void}} stage
 */
export function kept(root, stage) {
  keep(root, "tokens", {
    read: () => stage.apart().join("."),
    write: (text) => {
      stage.flush();
      const found = text.split(".").map(Number);
      const good = /^[\d.]+$/.test(text) && found.every((token) => token in stage.plain);
      if (good) stage.take(found);
      return good;
    },
  });
  keep(root, "looks", {
    // Where nothing was chosen, the last token looks at itself.
    read: () => {
      const last = stage.seen().length - 1;
      const { query, key } = stage;
      return query === last && key === last ? "" : `${query}.${key}`;
    },
    write: (text) => {
      stage.flush();
      const [query, key] = text.split(".").map(Number);
      const good = /^\d{1,3}\.\d{1,3}$/.test(text) && Math.max(query, key) < stage.seen().length;
      if (good) stage.point(query, key);
      return good;
    },
  });
}
