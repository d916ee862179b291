// Paints strokes with a pen of constant width, curves through the middles of the samples.
// Draws on whatever 2D context it is given, scaled so that the canvas is SIDE units wide.

import { SIDE } from "./strokes.js";

export const PEN = SIDE * 0.06; // like the pen of the server's raster on a drawing of usual size

/** Get a context ready for painting on `pixels` device pixels a side. */
export function prepare(context, pixels, colour) {
  context.setTransform(pixels / SIDE, 0, 0, pixels / SIDE, 0, 0);
  context.lineWidth = PEN;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = colour;
}

/** Paint `samples`, of which the first `done` are on the canvas already. */
export function paint(context, samples, done = 0) {
  const first = Math.max(0, done - 2);
  context.beginPath();
  if (samples.length === 1) {
    context.arc(...samples[0], PEN / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.moveTo(...(first === 0 ? samples[0] : middle(samples[first - 1], samples[first])));
  for (let index = first; index < samples.length - 1; index += 1) {
    context.quadraticCurveTo(...samples[index], ...middle(samples[index], samples[index + 1]));
  }
  context.lineTo(...samples.at(-1));
  context.stroke();
}

function middle([x1, y1], [x2, y2]) {
  return [(x1 + x2) / 2, (y1 + y2) / 2];
}
