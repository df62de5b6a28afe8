// What this browser lacks for a module, if anything; some modules need vectors.
function lacks(vectors) {
  const simd = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);
  if (typeof WebAssembly !== "object") return "this browser has no WebAssembly";
  if (vectors && !WebAssembly.validate(simd)) return "this browser's WebAssembly has no vectors (128-bit SIMD)";
  if (typeof DecompressionStream !== "function") return "this browser cannot unpack the library (no DecompressionStream)";
  return null;
}

// A worker of a script that stands in the page, with the module that stands there.
function library(script, module, told) {
  const source = new Blob([script], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(source));
  worker.onmessage = (event) => told(event.data);
  worker.onerror = (event) => told({ type: "broken", text: event.message });
  const packed = Uint8Array.from(atob(module), (c) => c.charCodeAt(0));
  worker.postMessage({ type: "begin", module: packed }, [packed.buffer]);
  return worker;
}

const byId = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}
