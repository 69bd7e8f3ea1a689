// The drawing: a line of means for each tag over a band from least to most, and marks where something happened.
import uPlot from "uplot";
import type { Axis } from "./axes";
import { AXES } from "./axes";
import type { Happened, Values } from "./data";
import { color, eventColor, faint, figure, font, instant, scaled, seriesColor, seriesDash } from "./look";

export type Drawing = { values: Values; events: Happened[]; axes: Map<string, Axis>; labels: Map<string, string> };
export type Listener = { zoomed: (from: number, to: number) => void; hovered: (t: number | null) => void };

const HEIGHT = 360;
/** px; a wall screen has room for more. */
const height = (): number => (scaled() > 1 ? Math.max(HEIGHT * scaled(), window.innerHeight * 0.34) : HEIGHT);

function joined(values: Values): uPlot.AlignedData {
  if (!values.series.length) return [[]];
  return uPlot.join(values.series.map((s) => [s.t, s.mean, s.low, s.high] as unknown as uPlot.AlignedData));
}

/** Three lines a tag: mean, and the two edges of its band. */
function lines(drawing: Drawing): uPlot.Series[] {
  const found: uPlot.Series[] = [{}];
  drawing.values.series.forEach((s, place) => {
    const scale = drawing.axes.get(s.tag) ?? "A";
    const own = { scale, spanGaps: true, points: { show: false } };
    const few = s.t.length <= 60;
    found.push(
      { ...own, label: drawing.labels.get(s.tag) ?? s.tag, stroke: seriesColor(place), width: 2, dash: seriesDash(place), points: { show: few, size: 5 } },
      { ...own, width: 0 }, { ...own, width: 0 },
    );
  });
  return found;
}

function bands(values: Values): uPlot.Band[] {
  return values.series.map((_, place) => ({
    series: [3 * place + 3, 3 * place + 2] as [number, number], fill: faint(seriesColor(place), 0.22),
  }));
}

function axes(drawing: Drawing): uPlot.Axis[] {
  const common = { stroke: color("soft"), font: font(), ticks: { stroke: color("line"), width: 1 } };
  const used = AXES.filter((a) => [...drawing.axes.values()].includes(a));
  return [
    { ...common, grid: { stroke: faint(color("edge"), 0.3), width: 1 }, space: 90, values: (_: uPlot, ticks: number[], __: number, ___: number, step: number) => ticks.map((t) => instant(t, step)) },
    ...used.map((scale, i) => ({
      ...common, scale, side: (i === 0 ? 3 : 1) as uPlot.Axis.Side, label: used.length > 1 ? scale : "", labelSize: 18 * scaled(), labelFont: font(),
      size: (_: uPlot, ticks: string[] | null) => scaled() * (18 + Math.max(24, ...(ticks ?? []).map((t) => t.length * 7.5))),
      values: (_: uPlot, ticks: number[]) => ticks.map(figure),
      grid: { show: i === 0, stroke: faint(color("edge"), 0.3), width: 1 },
    })),
  ];
}

/** A flat line stands in the middle, not at an edge. */
function range(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  const edge = low === high ? Math.max(1, Math.abs(low) * 0.1) : (high - low) * 0.08;
  return [low - edge, high + edge];
}

function marks(plot: uPlot, events: Happened[]): void {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  for (const e of events) {
    const x = plot.valToPos(Date.parse(e.ts) / 1000, "x", true);
    if (x < left || x > left + width) continue;
    ctx.strokeStyle = ctx.fillStyle = eventColor(e.kind, e.severity);
    if (e.kind !== "command") { // commands come often: a mark at the edge, and no line
      ctx.beginPath(); ctx.moveTo(x, top); ctx.lineTo(x, top + height); ctx.stroke();
    }
    shape(ctx, e.kind, x, top + 6 * devicePixelRatio, 5 * devicePixelRatio);
  }
  ctx.restore();
}

/** Told apart by shape, too: a triangle is a command, a diamond a notice, a square a case. */
function shape(ctx: CanvasRenderingContext2D, kind: string, x: number, y: number, r: number): void {
  const corners: [number, number][] =
    kind === "command" ? [[-r, -r], [r, -r], [0, r]] : kind === "notice" ? [[0, -r], [r, 0], [0, r], [-r, 0]] : [[-r, -r], [r, -r], [r, r], [-r, r]];
  ctx.beginPath();
  for (const [dx, dy] of corners) ctx.lineTo(x + dx, y + dy);
  ctx.closePath();
  ctx.fill();
}

export class Chart {
  private plot: uPlot | null = null;
  private shape = "";
  private drawing: Drawing | null = null;

  constructor(private readonly place: HTMLElement, private readonly listener: Listener) {
    new ResizeObserver(() => this.plot?.setSize({ width: this.width, height: height() })).observe(place);
    document.body.addEventListener("theme", () => this.again());
  }

  get width(): number {
    return Math.max(200, this.place.clientWidth);
  }

  /** Draws anew what it has, as the theme or an axis changed. */
  again(): void {
    this.shape = "";
    if (this.drawing) this.draw(this.drawing);
  }

  draw(drawing: Drawing): void {
    this.drawing = drawing;
    const { values } = drawing;
    const shape = JSON.stringify([...drawing.axes, values.series.map((s) => s.t.length <= 60)]);
    if (!this.plot || shape !== this.shape) this.make(drawing);
    this.shape = shape;
    this.plot!.batch(() => {
      this.plot!.setData(joined(values), true);
      this.plot!.setScale("x", { min: values.from, max: Math.max(values.to, values.from + 1e-3) });
    });
  }

  clear(): void {
    this.plot?.destroy();
    this.plot = this.drawing = null;
  }

  private make(drawing: Drawing): void {
    this.plot?.destroy();
    const used = new Set(drawing.axes.values());
    const scales = Object.fromEntries([...used].map((a) => [a, { auto: true, range }]));
    const options: uPlot.Options = {
      width: this.width, height: height(), legend: { show: false }, series: lines(drawing), bands: bands(drawing.values), axes: axes(drawing),
      scales: { x: { time: true, auto: false }, ...scales },
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      tzDate: (ts) => new Date(ts * 1000),
      hooks: {
        draw: [(plot) => marks(plot, this.drawing?.events ?? [])],
        setSelect: [(plot) => this.selected(plot)],
        setCursor: [(plot) => this.listener.hovered(plot.cursor.idx == null ? null : plot.data[0][plot.cursor.idx] ?? null)],
      },
    };
    this.plot = new uPlot(options, [[]], this.place);
    this.plot.over.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    this.listener.zoomed(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  /** With Ctrl: zooms where the pointer is; without, the page scrolls as ever. */
  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey || !this.plot || !this.drawing) return;
    event.preventDefault();
    const { from, to } = this.drawing.values;
    const at = this.plot.posToVal(event.offsetX, "x");
    const by = event.deltaY < 0 ? 0.8 : 1.25;
    this.listener.zoomed(at - (at - from) * by, at + (to - at) * by);
  }
}
