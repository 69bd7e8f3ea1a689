// Lines between boxes: curves while there are few, straight when there are thousands; arrows where one asset is in focus.
import type { Network } from "./data";

const CURVES = 3_000;

/** One path of many edges. */
export function edgePath(network: Network, places: number[], count: number, arrows: boolean): Path2D {
  const path = new Path2D();
  const { box_width: w, box_height: h } = network.picture;
  for (const place of places) {
    const edge = network.edges[place]!;
    const a = network.nodes[edge.source]!, b = network.nodes[edge.target]!;
    const x1 = a.x + w / 2, x2 = b.x + w / 2;
    const below = a.y < b.y, level = a.y === b.y;
    const y1 = level || below ? a.y + h : a.y, y2 = level ? b.y + h : below ? b.y : b.y + h;
    path.moveTo(x1, y1);
    if (count > CURVES) path.lineTo(x2, y2);
    else if (level) path.bezierCurveTo(x1, y1 + dip(x1, x2), x2, y1 + dip(x1, x2), x2, y2);
    else path.bezierCurveTo(x1, (y1 + y2) / 2, x2, (y1 + y2) / 2, x2, y2);
    if (arrows) arrow(path, x2, y2, level ? -1 : below ? 1 : -1);
  }
  return path;
}

function dip(x1: number, x2: number): number { return Math.min(60, 14 + Math.abs(x1 - x2) / 10); }

function arrow(path: Path2D, x: number, y: number, down: number): void {
  path.moveTo(x - 5, y - 8 * down);
  path.lineTo(x, y);
  path.lineTo(x + 5, y - 8 * down);
}
