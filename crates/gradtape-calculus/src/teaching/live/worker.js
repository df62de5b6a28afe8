// Answers questions, one after another.
const PREFIX = "lab";

async function begin(bytes) {
  await unpacked(bytes);
  call("begin");
  postMessage({ type: "ready" });
}

// A panic of the module traps: it is told, and a new instance takes its place.
async function answer(question) {
  try {
    given(new TextEncoder().encode(question));
    postMessage({ type: "answer", parts: json("answer") });
  } catch (error) {
    if (error && error.told !== undefined) {
      postMessage({ type: "problem", text: error.told });
      return;
    }
    const why = panicked(error);
    await fresh();
    call("begin");
    postMessage({ type: "problem", text: `The library failed, which is a fault of gradtape: ${why}` });
  }
}

onmessage = (event) => {
  const { type, module, question } = event.data;
  if (type === "begin") begin(module).catch((error) => postMessage({ type: "broken", text: String(error) }));
  else answer(question);
};
