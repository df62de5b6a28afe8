"use strict";
// A module in a worker: plain functions that read an input and leave an output.
let wasm = null;
let compiled = null;

const text = (bytes) => new TextDecoder().decode(bytes);
const at = (place, length) => new Uint8Array(wasm.memory.buffer, place, length);

async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  compiled = await WebAssembly.compile(await new Response(stream).arrayBuffer());
  await fresh();
}

// A crate may name functions of a browser that nothing calls; they are there, and fail.
async function fresh() {
  const imports = {};
  for (const { module, name, kind } of WebAssembly.Module.imports(compiled)) {
    if (kind !== "function") throw new Error(`the module wants ${module}.${name}`);
    (imports[module] ??= {})[name] = () => { throw new Error(`${name} is not for a worker`); };
  }
  wasm = (await WebAssembly.instantiate(compiled, imports)).exports;
}

// Writes the input of the next call: all bytes in a row.
function given(...all) {
  let place = wasm[`${PREFIX}_input`](all.reduce((sum, bytes) => sum + bytes.length, 0));
  for (const bytes of all) {
    at(place, bytes.length).set(bytes);
    place += bytes.length;
  }
}

// Calls a function of the module; an answer other than 0 is an error whose text is the output.
function call(name, ...numbers) {
  const status = wasm[`${PREFIX}_${name}`](...numbers);
  const bytes = at(wasm[`${PREFIX}_output`](), wasm[`${PREFIX}_output_length`]()).slice();
  if (status !== 0) throw { told: text(bytes) };
  return bytes;
}
const json = (name, ...numbers) => JSON.parse(text(call(name, ...numbers)));
const floats = (name, ...numbers) => new Float32Array(call(name, ...numbers).buffer);

// What a panic said before it trapped, else the trap.
function panicked(error) {
  try {
    return text(at(wasm[`${PREFIX}_panic`](), wasm[`${PREFIX}_panic_length`]())) || String(error);
  } catch {
    return String(error);
  }
}
