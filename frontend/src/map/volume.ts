// Traffic over time as bars above the slider: packets, and on them the requests that change something.
import type { Bucket } from "./playback";

const SVG = "http://www.w3.org/2000/svg";
const HIGH = 56;

/** Bars on a width of as many units as there are buckets; the one that is shown has a ground of its own. */
export function volumeChart(svg: SVGSVGElement, buckets: Bucket[], shown: number): void {
  const most = Math.max(1, ...buckets.map((b) => b.packets)), changes = Math.max(1, ...buckets.map((b) => b.changes));
  svg.setAttribute("viewBox", `0 0 ${buckets.length} ${HIGH}`);
  const bars: Element[] = [rect("now", shown, 0, 1, HIGH)];
  buckets.forEach((bucket, place) => {
    const tall = bucket.packets ? Math.max(1.5, (bucket.packets / most) * HIGH) : 0;
    bars.push(rect("packets", place + 0.1, HIGH - tall, 0.8, tall));
    const part = bucket.changes ? Math.max(2.5, (bucket.changes / changes) * HIGH * 0.35) : 0;
    if (part) bars.push(rect("changes", place + 0.1, HIGH - part, 0.8, part));
  });
  svg.replaceChildren(...bars);
}

function rect(kind: string, x: number, y: number, w: number, h: number): Element {
  const found = document.createElementNS(SVG, "rect");
  found.setAttribute("class", kind);
  for (const [name, value] of Object.entries({ x, y, width: w, height: h })) found.setAttribute(name, String(value));
  return found;
}
