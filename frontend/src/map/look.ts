// Colours from the page's variables, and the symbols of roles as paths of a canvas.
const NAMES = ["bg", "card", "ink", "soft", "line", "edge", "faint", "accent", "accent-soft", "focus", "critical", "high", "medium",
  "low", "info", "change", "read", "other", "series-1", "series-2", "series-3", "series-4", "series-5", "ok"] as const;
export type Colours = Record<(typeof NAMES)[number], string>;

export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}

/** Families of roles: those that share a colour where boxes are too small for a symbol. */
export const FAMILY: Record<string, keyof Colours> = {
  controller: "series-1", safety_controller: "series-1", rtu: "series-1", building_controller: "series-1",
  io: "series-4", drive: "series-4", sensor: "series-4", gateway: "series-4",
  hmi: "series-2", scada: "series-2", engineering: "series-2",
  historian: "series-3", mes: "series-3", server: "series-3", workstation: "series-3",
};

const symbols = new Map<string, Path2D>();

/** A symbol of the page's own drawings, on a grid of 24. */
export function symbol(name: string): Path2D {
  let path = symbols.get(name);
  if (!path) {
    path = new Path2D();
    for (const shape of document.querySelectorAll(`#i-${CSS.escape(name)} > *`)) add(path, shape);
    symbols.set(name, path);
  }
  return path;
}

function add(path: Path2D, shape: Element): void {
  const n = (name: string): number => Number(shape.getAttribute(name) ?? 0);
  if (shape.tagName === "path") path.addPath(new Path2D(shape.getAttribute("d") ?? ""));
  else if (shape.tagName === "rect") path.roundRect(n("x"), n("y"), n("width"), n("height"), n("rx"));
  else {
    const rx = n("rx") || n("r"), ry = n("ry") || n("r");
    path.moveTo(n("cx") + rx, n("cy"));
    path.ellipse(n("cx"), n("cy"), rx, ry, 0, 0, 2 * Math.PI);
  }
}
