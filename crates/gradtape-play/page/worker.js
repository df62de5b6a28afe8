// Trains in a worker: steps, then one picture, then waits until the page has shown it.
const PREFIX = "play";
let run = 0;
let sessions = [];
let playing = false;
let waits = false;
let speed = 10;
// Steps that are to be taken without playing.
let owed = 0;
// Whether a training ended by itself.
let ended = false;
let look = { edges: 0, boundary: 64, maps: 20, chain: null };
let frame = 0;
let perMillisecond = 10;

async function begin(bytes) {
  await unpacked(bytes);
  postMessage({ type: "ready", choices: json("begin") });
}

function create(message) {
  run = message.run;
  playing = false;
  waits = false;
  [owed, ended] = [0, false];
  sessions = [];
  const built = message.sessions.map(({ settings, table }, number) => {
    const head = new TextEncoder().encode(settings);
    given(head, table ?? new Uint8Array());
    return json("create", number, head.length);
  });
  sessions = built.map((own, number) => number);
  postMessage({ type: "built", run, built });
  send(true);
}

// Everything that the page draws; what is large comes every few frames.
function send(whole) {
  const often = whole || frame % 6 === 0;
  const shown = sessions.map((number) => ({
    report: json("report", number),
    boundary: look.boundary ? floats("boundary", number, look.boundary) : null,
    maps: floats("maps", number, look.maps),
    weights: floats("weights", number, look.edges),
    curves: often ? floats("curves", number) : null,
    points: whole || (look.answers && frame % 12 === 0) ? floats("points", number) : null,
  }));
  if (often && look.chain) chain(look.chain);
  frame += 1;
  const buffers = shown.flatMap((own) => [own.boundary, own.maps, own.weights, own.curves, own.points]);
  waits = true;
  postMessage({ type: "frame", run, shown, ended, playing: playing || owed > 0 }, buffers.filter(Boolean).map((own) => own.buffer));
}

function chain({ session, stage, unit, input, row }) {
  postMessage({ type: "chain", run, chain: json("chain", session, stage, unit, input, row) });
}

function advance(steps) {
  const fewer = sessions.map((number) => Number(text(call("advance", number, steps))) < steps);
  ended = fewer.every(Boolean);
  if (ended) [playing, owed] = [false, 0];
}

// Steps for a frame. As fast as it can: for about ten milliseconds, whose steps the last frame tells.
function turn() {
  if (!(playing || owed > 0) || waits) return;
  guarded(() => {
    if (owed > 0 || speed === "fast") {
      const most = Math.max(1, Math.round((owed > 0 ? 40 : 9) * perMillisecond));
      const steps = owed > 0 ? Math.min(owed, most) : most;
      if (owed > 0) owed -= steps;
      const from = performance.now();
      advance(steps);
      const took = Math.max(0.2, performance.now() - from);
      perMillisecond = 0.5 * perMillisecond + 0.5 * Math.min(steps / took, 4 * perMillisecond + 1);
    } else {
      advance(speed);
    }
    send(!(playing || owed > 0));
  });
}

// A panic of the module traps: it is told, and a new instance takes its place.
function guarded(act) {
  try {
    act();
  } catch (error) {
    [playing, owed] = [false, 0];
    if (error && error.told !== undefined) {
      postMessage({ type: "problem", run, text: error.told });
      return;
    }
    const why = panicked(error);
    sessions = [];
    fresh().then(() => {
      call("begin");
      postMessage({ type: "trap", run, text: why });
    });
  }
}

const answers = {
  begin: (message) => {
    begin(message.module).catch((error) => postMessage({ type: "broken", text: String(error) }));
  },
  create: (message) => guarded(() => create(message)),
  play: () => { playing = sessions.length > 0; turn(); },
  pause: () => {
    [playing, owed] = [false, 0];
    guarded(() => send(true));
  },
  speed: (message) => { speed = message.speed; },
  steps: (message) => guarded(() => {
    playing = false;
    owed = message.steps === "epoch" ? Number(text(call("left", sessions[0]))) : message.steps;
    turn();
  }),
  look: (message) => {
    look = { ...look, ...message.look };
    if (!playing && owed === 0 && sessions.length > 0 && !message.quiet) guarded(() => send(true));
  },
  chain: (message) => {
    look.chain = message.chain;
    if (sessions.length > 0 && message.chain) guarded(() => chain(message.chain));
  },
  shown: (message) => {
    if (message.run !== run) return;
    waits = false;
    turn();
  },
  take: (message) => guarded(() => {
    const bytes = call("export", message.session, message.what);
    postMessage({ type: "taken", what: message.what, name: message.name, bytes }, [bytes.buffer]);
  }),
  pixels: () => guarded(() => postMessage({ type: "pixels", run, pixels: floats("pixels", 0) })),
};
onmessage = (event) => answers[event.data.type](event.data);
