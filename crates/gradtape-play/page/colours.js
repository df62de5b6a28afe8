// Colours and shapes: classes differ in both.
const CLASSES = [[213, 94, 0], [0, 114, 178], [0, 134, 98], [176, 84, 142], [110, 86, 170], [140, 100, 0], [90, 105, 125], [190, 50, 60], [20, 125, 140], [95, 120, 30]];
const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "star"];
let paper = [255, 255, 255];
let ink = [27, 36, 48];
let minus = [193, 79, 0];
let plus = [10, 91, 181];

// The colours of numbers from -1 to 1, computed once.
let ramp = [];
let themes = 0;

// Print is on white, whatever the screen is.
function readTheme(prints) {
  themes += 1;
  readColours(prints);
  ramp = Array.from({ length: 129 }, (_, i) => mix(paper, i < 64 ? minus : plus, 0.08 + 0.8 * Math.abs(i - 64) / 64));
}

function readColours(prints) {
  if (prints) {
    [paper, ink, minus, plus] = [[255, 255, 255], [27, 36, 48], [193, 79, 0], [10, 91, 181]];
    return;
  }
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => {
    const hex = style.getPropertyValue(name).trim();
    return [1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16));
  };
  paper = colour("--paper");
  ink = colour("--ink");
  minus = colour("--minus");
  plus = colour("--plus");
}

const rgb = ([red, green, blue]) => `rgb(${red},${green},${blue})`;
const mix = (a, b, share) => a.map((part, i) => Math.round(part + share * (b[i] - part)));

// A class is drawn as light as its paper asks for.
function classColour(number) {
  const own = CLASSES[number % CLASSES.length];
  return paper[0] > 128 ? own : mix(own, [255, 255, 255], 0.32);
}

// Of a number from -1 to 1.
function signed(value) {
  return ramp[Math.round(64 + 64 * Math.max(-1, Math.min(1, value)))] ?? paper;
}

// Draws numbers from -1 to 1 as the pixels of a canvas.
function pixels(canvas, width, height, colourOf) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const data = image.data;
  for (let cell = 0, at = 0; cell < width * height; cell++, at += 4) {
    const colour = colourOf(cell);
    data[at] = colour[0];
    data[at + 1] = colour[1];
    data[at + 2] = colour[2];
    data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// The shape of a class as a path around a point, for a canvas or a picture.
function shapePath(number, x, y, r) {
  const corners = (all) => `M${all.map(([a, b]) => `${(x + a * r).toFixed(2)} ${(y + b * r).toFixed(2)}`).join("L")}Z`;
  switch (SHAPES[number % SHAPES.length]) {
    case "circle": return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    case "square": return corners([[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]]);
    case "triangle": return corners([[0, -1.15], [1.05, 0.8], [-1.05, 0.8]]);
    case "diamond": return corners([[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]]);
    case "cross": return corners([[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]]);
    default: return corners(Array.from({ length: 10 }, (_, i) => [(i % 2 ? 0.5 : 1.25) * Math.sin(i * Math.PI / 5), (i % 2 ? -0.5 : -1.25) * Math.cos(i * Math.PI / 5)]));
  }
}
