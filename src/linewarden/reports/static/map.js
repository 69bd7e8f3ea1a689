// The map: highlight peers, open cards, zoom and move by mouse and keys.
(() => {
  const { $, $$, openGroup } = report;
  const map = $("#map");
  if (!map) return;
  const full = { x: 0, y: 0, w: Number(map.dataset.w), h: Number(map.dataset.h) };
  let view = { ...full };
  const nodes = new Map($$(".node", map).map((node) => [node.dataset.node, node]));
  const lines = $$(".line", map);

  const draw = () => {
    map.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
    map.classList.toggle("free", view.w < full.w);
  };
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  function move(x, y) {
    view.x = within(x, 0, full.w - view.w);
    view.y = within(y, 0, full.h - view.h);
    draw();
  }
  function zoom(by, cx = view.x + view.w / 2, cy = view.y + view.h / 2) {
    const w = within(view.w * by, full.w / 8, full.w), k = w / view.w;
    const next = { x: cx - (cx - view.x) * k, y: cy - (cy - view.y) * k };
    view.w = w;
    view.h = view.h * k;
    move(next.x, next.y);
  }
  const whole = () => { view = { ...full }; draw(); };
  const point = (event) => {
    const box = map.getBoundingClientRect();
    return [view.x + ((event.clientX - box.left) / box.width) * view.w, view.y + ((event.clientY - box.top) / box.height) * view.h];
  };

  function light(key) {
    map.classList.toggle("lit", Boolean(key));
    for (const node of nodes.values()) node.classList.remove("on");
    for (const line of lines) {
      const on = key && (line.dataset.a === key || line.dataset.b === key);
      line.classList.toggle("on", Boolean(on));
      if (on) for (const end of [line.dataset.a, line.dataset.b]) nodes.get(end)?.classList.add("on");
    }
    if (key) nodes.get(key)?.classList.add("on");
  }

  const centre = (node) => { const b = node.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; };
  function neighbour(from, [dx, dy]) {
    const [x, y] = centre(from);
    let best = null, cost = Infinity;
    for (const node of nodes.values()) {
      const [nx, ny] = centre(node), along = (nx - x) * dx + (ny - y) * dy, aside = Math.abs((nx - x) * dy) + Math.abs((ny - y) * dx);
      if (node !== from && along > 4 && along + aside * 2 < cost) { best = node; cost = along + aside * 2; }
    }
    return best;
  }
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  const open = (node) => openGroup(node.dataset.node, node.querySelector("title").textContent);
  for (const [key, node] of nodes) {
    node.addEventListener("mouseenter", () => light(key));
    node.addEventListener("mouseleave", () => light(null));
    node.addEventListener("focus", () => light(key));
    node.addEventListener("blur", () => light(null));
    node.addEventListener("click", () => { if (!moved) open(node); });
  }

  map.addEventListener("keydown", (event) => {
    const node = event.target.closest(".node");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (node && (event.key === "Enter" || event.key === " ")) open(node);
    else if (event.key === "+" || event.key === "=") zoom(0.8);
    else if (event.key === "-") zoom(1.25);
    else if (event.key === "0") whole();
    else if (arrows[event.key] && node && !event.shiftKey) neighbour(node, arrows[event.key])?.focus();
    else if (arrows[event.key]) move(view.x + arrows[event.key][0] * view.w * 0.1, view.y + arrows[event.key][1] * view.h * 0.1);
    else return;
    event.preventDefault();
  });

  map.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls with the plain wheel
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.85 : 1.18, ...point(event));
  }, { passive: false });

  let grip = null, moved = false;
  map.addEventListener("pointerdown", (event) => {
    moved = false;
    if (event.pointerType !== "touch" && event.button === 0) grip = { at: [event.clientX, event.clientY], x: view.x, y: view.y };
  });
  addEventListener("pointermove", (event) => {
    if (!grip) return;
    const dx = event.clientX - grip.at[0], dy = event.clientY - grip.at[1];
    if (Math.abs(dx) + Math.abs(dy) < 5 && !moved) return;
    moved = true;
    map.classList.add("drag");
    const scale = view.w / map.getBoundingClientRect().width;
    move(grip.x - dx * scale, grip.y - dy * scale);
  });
  addEventListener("pointerup", () => { grip = null; map.classList.remove("drag"); });

  for (const button of $$("[data-zoom]")) {
    button.addEventListener("click", () => ({ in: () => zoom(0.75), out: () => zoom(1.34), reset: whole })[button.dataset.zoom]());
  }
  for (const box of $$("[data-kind]")) {
    box.addEventListener("change", () => map.classList.toggle(`no-${box.dataset.kind}`, !box.checked));
  }
})();
