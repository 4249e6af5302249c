/**
 * Reads the weights of a demo: the file that scripts/weights/pack.py writes.
 *
 * @typedef {{shape: number[], data: Float64Array}} Tensor
 * @typedef {{meta: Record<string, any>, tensors: Record<string, Tensor>}} Weights
 */

/** @param {number} bits an IEEE 754 half-precision number @returns {number} its value */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** @param {any} content the parsed file @returns {Weights} */
export function unpack(content) {
  /** @type {Record<string, Tensor>} */
  const tensors = {};
  for (const [name, entry] of Object.entries(content.tensors)) {
    const bytes = Uint8Array.from(atob(entry.data), (c) => c.charCodeAt(0));
    const count = entry.shape.reduce(
      (/** @type {number} */ a, /** @type {number} */ b) => a * b,
      1,
    );
    const data = new Float64Array(count);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) {
      const value = entry.type === "int8" ? view.getInt8(i) : half(view.getUint16(2 * i, true));
      data[i] = value * entry.scale;
    }
    tensors[name] = { shape: entry.shape, data };
  }
  return { meta: content.meta, tensors };
}

/**
 * Fetches weights once per page.
 * @param {string | URL} url resolve it with `new URL("x.weights.json", import.meta.url)`
 * @returns {Promise<Weights>}
 */
export function load(url) {
  const key = String(url);
  let promise = cache.get(key);
  if (!promise) {
    promise = fetch(key).then(async (response) => {
      if (!response.ok) throw new Error(`${key} answered ${response.status}`);
      return unpack(await response.json());
    });
    promise.catch(() => cache.delete(key));
    cache.set(key, promise);
  }
  return promise;
}

/** @type {Map<string, Promise<Weights>>} */
const cache = new Map();
