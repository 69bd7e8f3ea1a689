// Draws the map on a canvas. What costs is lines: each kind is one path, made anew only when what is shown changes; and
// while somebody moves a picture of many, the last one is moved instead, until they rest. How long a picture takes cannot
// be measured here: the browser draws lines elsewhere and later.
import type { Camera } from "./camera";
import type { Does, MapNode } from "./data";
import { edgePath } from "./edges";
import { type Colours, colours, FAMILY, symbol } from "./look";
import type { State } from "./state";

const SMALL = 0.6; // below this, two lines of text could not be read: one line in a size of the screen's
const TINY_PX = 11; // a box that is lower on the screen has no text at all
const MANY = 1_200; // lines and half the boxes: more is not drawn anew in each frame
const REST_MS = 110;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';

export interface Words { levels: Record<string, string>; level: string; none: string }

export class Drawing {
  private readonly ctx: CanvasRenderingContext2D;
  private look: Colours = colours();
  private paths: Partial<Record<Does, Path2D>> = {};
  private readonly labels = new Map<string, string>();
  private last: { bitmap: HTMLCanvasElement; x: number; y: number; scale: number } | null = null;
  private asked = 0;
  private rest = 0;
  private ratio = 1;
  /** How much larger type is than usual: on a wall it is read from afar. */
  private readonly grown: number;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly camera: Camera, private readonly state: State,
    private readonly words: Words) {
    this.ctx = canvas.getContext("2d", { alpha: false })!;
    this.grown = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    this.ctx.font = `650 ${13 * this.grown}px ${FONT}`;
    camera.names = Math.min(210 * this.grown, 26 + Math.max(0, ...state.network.picture.lanes.map((lane) => this.ctx.measureText(this.levelName(lane.level)).width)));
  }

  private levelName(level: number | null): string {
    const title = this.words.levels[String(level)] ?? "";
    return level === null ? title : `${level} · ${title}`;
  }

  /** The colours changed. */
  recolour(): void { this.look = colours(); this.again(); }

  /** What is shown changed: new lines. */
  renew(): void { this.paths = {}; this.labels.clear(); this.again(); }

  /** The canvas has another size. */
  resize(width: number, height: number): void {
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.camera.room(width, height);
    this.last = null;
    this.again();
  }

  /** Draws with the next frame. `moving`: only the camera changed, and will again. */
  again(moving = false): void {
    const quick = moving && this.last !== null;
    clearTimeout(this.rest);
    cancelAnimationFrame(this.asked);
    this.asked = requestAnimationFrame(() => (quick ? this.slide() : this.paint()));
    if (quick) this.rest = window.setTimeout(() => this.again(), REST_MS);
  }

  /** Draws what is under the mouse with the next frame. */
  glance(): void {
    if (!this.last) return this.again();
    cancelAnimationFrame(this.asked);
    this.asked = requestAnimationFrame(() => this.slide());
  }

  private get many(): boolean {
    const { edges, network } = this.state;
    return edges.other.length + edges.read.length + edges.change.length + network.nodes.length / 2 > MANY;
  }

  /** The last picture, moved. */
  private slide(): void {
    const { ctx, camera, last } = this;
    if (!last) return;
    const factor = camera.scale / last.scale;
    const [sx, sy] = camera.toScreen(last.x, last.y);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = this.look.bg;
    ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
    ctx.drawImage(last.bitmap, sx * this.ratio, sy * this.ratio, last.bitmap.width * factor, last.bitmap.height * factor);
    this.hovered();
    this.levelNames();
  }

  private paint(): void {
    const { ctx } = this;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = this.look.bg;
    ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.world();
    this.grounds();
    this.lines();
    this.state.network.nodes.forEach((node, place) => this.node(node, place));
    this.keep();
    this.hovered();
    this.levelNames();
  }

  /** From here on in units of the picture. */
  private world(): void {
    const { ctx, camera, ratio } = this;
    ctx.setTransform(camera.scale * ratio, 0, 0, camera.scale * ratio, -camera.x * camera.scale * ratio, -camera.y * camera.scale * ratio);
  }

  private hovered(): void {
    const node = this.state.network.nodes[this.state.hovered];
    if (!node) return;
    this.world();
    this.outline(node, this.look.accent, 2);
  }

  private keep(): void {
    if (!this.many) { this.last = null; return; }
    const bitmap = this.last?.bitmap ?? document.createElement("canvas");
    if (bitmap.width !== this.canvas.width || bitmap.height !== this.canvas.height) {
      bitmap.width = this.canvas.width;
      bitmap.height = this.canvas.height;
    }
    bitmap.getContext("2d", { alpha: false })!.drawImage(this.canvas, 0, 0);
    this.last = { bitmap, x: this.camera.x, y: this.camera.y, scale: this.camera.scale };
  }

  /** Bands of levels, and frames of zones with their names. */
  private grounds(): void {
    const { ctx, look, camera } = this;
    const { lanes, frames } = this.state.network.picture;
    const left = camera.x, wide = camera.width / camera.scale;
    lanes.forEach((lane, place) => {
      if (place % 2 === 0) { ctx.fillStyle = look.faint; ctx.fillRect(left, lane.y, wide, lane.h); }
      ctx.fillStyle = look.line;
      ctx.fillRect(left, lane.y + lane.h, wide, 1 / camera.scale);
    });
    const size = Math.min(12.5 / camera.scale, 19);
    for (const f of frames) {
      if (!camera.sees(f.x, f.y, f.w, f.h)) continue;
      ctx.beginPath();
      ctx.roundRect(f.x, f.y, f.w, f.h, 8);
      ctx.fillStyle = look.card;
      ctx.fill();
      ctx.strokeStyle = look.line;
      ctx.lineWidth = 1 / Math.min(camera.scale, 1);
      if (f.kind === "none") ctx.setLineDash([6, 5]);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.font = `600 ${size}px ${FONT}`;
      ctx.fillStyle = look.soft;
      ctx.fillText(this.cut(`f${f.x},${f.y},${size.toFixed(0)}`, f.title || this.words.none, f.w - 20), f.x + 10, f.y + Math.max(size, 15) + 2);
    }
  }

  private lines(): void {
    const { ctx, look, state, camera } = this;
    const count = state.edges.other.length + state.edges.read.length + state.edges.change.length;
    const calm = state.focus >= 0 || state.moment !== null;
    const strength = calm ? 0.95 : Math.min(0.75, Math.max(0.1, 14 / Math.sqrt(count + 1)));
    for (const does of ["other", "read", "change"] as const) {
      const places = state.edges[does];
      if (!places.length) continue;
      const path = (this.paths[does] ??= edgePath(state.network, places, count, state.focus >= 0));
      ctx.strokeStyle = look[does];
      ctx.globalAlpha = does === "other" ? strength * 0.7 : does === "read" ? strength : Math.min(1, strength * 1.4);
      ctx.lineWidth = (calm ? 1.8 : does === "change" ? 1.4 : 1) / camera.scale;
      ctx.setLineDash(does === "other" && count < 3000 ? [5 / camera.scale, 4 / camera.scale] : []);
      ctx.stroke(path);
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  private node(node: MapNode, place: number): void {
    const { ctx, look, camera, state } = this;
    const { box_width: w, box_height: h } = state.network.picture;
    if (!camera.sees(node.x, node.y, w, h)) return;
    ctx.globalAlpha = state.lit && !state.lit.has(place) ? 0.22 : 1;
    if (h * camera.scale < TINY_PX) this.dot(node, w, h);
    else if (camera.scale < SMALL) this.small(node, w, h);
    else this.box(node, w, h);
    ctx.globalAlpha = 1;
    const marked = place === state.focus || place === state.selected;
    if (marked || state.fresh.has(node.id)) this.outline(node, marked ? look.focus : look.ok, marked ? 3 : 2);
  }

  private outline(node: MapNode, colour: string, width: number): void {
    const { box_width: w, box_height: h } = this.state.network.picture;
    this.ctx.strokeStyle = colour;
    this.ctx.lineWidth = width / Math.min(this.camera.scale, 1);
    this.ctx.strokeRect(node.x - 2, node.y - 2, w + 4, h + 4);
  }

  /** A box that is too small for text: the colour of its family, and a mark if something is open. */
  private dot(node: MapNode, w: number, h: number): void {
    const { ctx, look } = this;
    ctx.fillStyle = look[FAMILY[node.role] ?? "other"];
    ctx.fillRect(node.x, node.y, w, h);
    this.mark(node, w, h);
  }

  /** A box with room for one line: its name, beside the colour of its family. */
  private small(node: MapNode, w: number, h: number): void {
    const { ctx, look, camera } = this;
    const px = 1 / camera.scale;
    ctx.fillStyle = look.card;
    ctx.fillRect(node.x, node.y, w, h);
    ctx.lineWidth = px;
    ctx.strokeStyle = look.edge;
    ctx.strokeRect(node.x, node.y, w, h);
    ctx.fillStyle = look[FAMILY[node.role] ?? "other"];
    ctx.fillRect(node.x, node.y, 4 * px, h);
    const size = Math.round(Math.min(10 * px, h * 0.62)); // whole numbers: what fits is remembered for each
    ctx.fillStyle = look.ink;
    ctx.font = `600 ${size}px ${FONT}`;
    ctx.fillText(this.cut(`${size}:${node.id}`, node.name, w - 9 * px, node.name === node.address || node.name === node.id), node.x + 6 * px, node.y + h / 2 + size * 0.36);
    this.mark(node, w, h);
  }

  /** Something is open here. */
  private mark(node: MapNode, w: number, h: number): void {
    if (!node.severity) return;
    const { ctx, look, camera } = this;
    const r = Math.min(Math.max(h / 2, 4 / camera.scale), 5 / camera.scale);
    ctx.beginPath();
    ctx.arc(node.x + w, node.y, r, 0, 2 * Math.PI);
    ctx.fillStyle = look[node.severity];
    ctx.fill();
    ctx.strokeStyle = look.card;
    ctx.lineWidth = 1.5 / camera.scale;
    ctx.stroke();
  }

  private box(node: MapNode, w: number, h: number): void {
    const { ctx, look } = this;
    ctx.beginPath();
    ctx.roundRect(node.x, node.y, w, h, 6);
    ctx.fillStyle = look.card;
    ctx.fill();
    ctx.lineWidth = node.severity ? 1.8 : 1;
    ctx.strokeStyle = node.severity ? look[node.severity] : look.edge;
    if (!node.seen) ctx.setLineDash([4, 3]);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.save();
    ctx.translate(node.x + 8, node.y + 10);
    ctx.scale(20 / 24, 20 / 24);
    ctx.strokeStyle = look[FAMILY[node.role] ?? "soft"];
    ctx.lineWidth = 1.7;
    ctx.stroke(symbol(node.icon));
    ctx.restore();
    ctx.fillStyle = look.ink;
    ctx.font = `600 12px ${FONT}`;
    ctx.fillText(this.cut(`n${node.id}`, node.name, w - (node.severity ? 58 : 44)), node.x + 35, node.y + 17);
    ctx.fillStyle = look.soft;
    ctx.font = `10.5px ${FONT}`;
    ctx.fillText(this.cut(`a${node.id}`, node.address === node.name ? node.vendor : node.address, w - 42), node.x + 35, node.y + 32);
    if (node.severity) this.flag(node, w);
  }

  /** How many cases are open, in the colour of the gravest. */
  private flag(node: MapNode, w: number): void {
    const { ctx, look } = this;
    ctx.beginPath();
    ctx.arc(node.x + w - 3, node.y + 3, 9, 0, 2 * Math.PI);
    ctx.fillStyle = look[node.severity!];
    ctx.fill();
    ctx.fillStyle = look.card;
    ctx.font = `700 10px ${FONT}`;
    ctx.textAlign = "center";
    ctx.fillText(node.cases > 9 ? "9+" : String(node.cases), node.x + w - 3, node.y + 6.5);
    ctx.textAlign = "start";
  }

  /** Names of levels stay at the left edge, wherever one looks. */
  private levelNames(): void {
    const { ctx, camera, look, ratio, grown: g } = this;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const lane of this.state.network.picture.lanes) {
      const top = camera.toScreen(0, lane.y)[1], bottom = camera.toScreen(0, lane.y + lane.h)[1];
      if (bottom < 14 || top > camera.height || bottom - top < 9) continue;
      const text = this.levelName(lane.level);
      const tall = bottom - top > 40 * g;
      ctx.font = `650 ${tall ? 13 * g : 10}px ${FONT}`;
      const y = Math.min(Math.max(top + (tall ? 22 * g : 9), tall ? 22 * g : 10), bottom - (tall ? 8 : 1));
      const wide = ctx.measureText(text).width;
      ctx.globalAlpha = 0.86;
      ctx.fillStyle = look.bg;
      ctx.fillRect(4, y - (tall ? 14 * g : 9), wide + 12, tall ? 20 * g : 12);
      ctx.globalAlpha = 1;
      ctx.fillStyle = look.ink;
      ctx.fillText(text, 10, y);
    }
  }

  /** A text that fits; remembered, because measuring costs. Of an address the end tells most: it is cut at the front. */
  private cut(key: string, text: string, room: number, front = false): string {
    let found = this.labels.get(key);
    if (found === undefined) {
      const fits = (short: string): boolean => this.ctx.measureText(short).width <= room;
      const part = (length: number): string => (front ? `…${text.slice(text.length - length)}` : `${text.slice(0, length)}…`);
      found = text;
      if (!fits(text)) {
        let low = 0, high = text.length;
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if (fits(part(middle))) low = middle; else high = middle - 1;
        }
        found = part(low);
      }
      this.labels.set(key, found);
    }
    return found;
  }
}
