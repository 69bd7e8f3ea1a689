// Mouse, touch and keys on the map: they move the camera, or say which asset is meant.
import type { Camera } from "./camera";
import type { Network } from "./data";

export interface Wishes {
  moved(): void;
  hover(node: number): void;
  choose(node: number): void;
  select(node: number): void;
  fit(): void;
  next(by: number): void;
  network(): Network;
  selected(): number;
}

const TAP = 6; // so far a finger may slip and still tap

export function beginHands(canvas: HTMLCanvasElement, camera: Camera, wishes: Wishes): void {
  beginPointers(canvas, camera, wishes);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = within(canvas, event);
    camera.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : event.ctrlKey ? 0.01 : 0.0018)), x, y);
    wishes.moved();
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => { camera.zoom(1.8, ...within(canvas, event)); wishes.moved(); });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !onKey(event, camera, wishes)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function beginPointers(canvas: HTMLCanvasElement, camera: Camera, wishes: Wishes): void {
  const down = new Map<number, [number, number]>();
  let slipped = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, within(canvas, event));
    if (down.size === 1) slipped = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const here = within(canvas, event), before = down.get(event.pointerId);
    if (!before) { if (event.pointerType === "mouse") wishes.hover(hit(camera, wishes, here, 0)); return; }
    slipped += Math.hypot(here[0] - before[0], here[1] - before[1]);
    if (down.size === 2) pinch(camera, down, event.pointerId, here);
    else if (slipped > TAP) camera.pan(here[0] - before[0], here[1] - before[1]);
    else return;
    down.set(event.pointerId, here);
    wishes.moved();
  });
  const up = (event: PointerEvent): void => {
    const alone = down.size === 1;
    if (!down.delete(event.pointerId) || event.type === "pointercancel" || !alone || slipped > TAP) return;
    wishes.choose(hit(camera, wishes, within(canvas, event), event.pointerType === "mouse" ? 2 : 8));
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => wishes.hover(-1));
}

/** Two fingers: nearer by how their distance grows, moved as their middle moves. */
function pinch(camera: Camera, down: Map<number, [number, number]>, id: number, here: [number, number]): void {
  const other = [...down].find(([key]) => key !== id)![1], before = down.get(id)!;
  const was = Math.hypot(before[0] - other[0], before[1] - other[1]), is = Math.hypot(here[0] - other[0], here[1] - other[1]);
  camera.pan((here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
  if (was > 0) camera.zoom(is / was, (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
}

function hit(camera: Camera, wishes: Wishes, [x, y]: [number, number], slack: number): number {
  return wishes.network().hit(...camera.toWorld(x, y), slack / camera.scale);
}

function within(canvas: HTMLCanvasElement, event: MouseEvent): [number, number] {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

const WAYS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onKey(event: KeyboardEvent, camera: Camera, wishes: Wishes): boolean {
  const way = WAYS[event.key];
  if (way && event.shiftKey) { camera.pan(-80 * way[0], -80 * way[1]); wishes.moved(); }
  else if (way) wishes.select(step(camera, wishes, way));
  else if (event.key === "+" || event.key === "=") { camera.zoom(1.25); wishes.moved(); }
  else if (event.key === "-") { camera.zoom(0.8); wishes.moved(); }
  else if (event.key === "0") wishes.fit();
  else if (event.key === "Enter" || event.key === " ") wishes.choose(wishes.selected());
  else if (event.key === "Escape") wishes.choose(-1);
  else if (event.key === "n" || event.key === "p") wishes.next(event.key === "n" ? 1 : -1);
  else return false;
  return true;
}

function step(camera: Camera, wishes: Wishes, [dx, dy]: [number, number]): number {
  const network = wishes.network(), from = network.nodes[wishes.selected()];
  if (!from) return network.nearest(...camera.toWorld(camera.width / 2, camera.height / 2));
  const { box_width: w, box_height: h } = network.picture;
  const found = network.towards(from.x + w / 2, from.y + h / 2, dx, dy);
  return found < 0 ? wishes.selected() : found;
}
