// Tables, times, theme and cards. Everything from the data is written as text, never as markup.
"use strict";
const report = (() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse($("#data").textContent);
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const say = (text) => { $("#say").textContent = text; };

  /** An element with properties and children; strings become text nodes. */
  function el(tag, props = {}, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(props)) {
      if (key === "onclick") node.addEventListener("click", value);
      else if (key in node && key !== "list") node[key] = value;
      else node.setAttribute(key, value);
    }
    node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
    return node;
  }

  document.documentElement.classList.add("on");

  // Times: the file says UTC, the reader's clock may not.
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "longOffset" });
  for (const time of $$("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    time.title = time.textContent;
    // A narrow cell breaks between day and time, and nowhere else.
    time.textContent = [day, clock].map((part) => part.format(moment).replace(/\s/g, "\u00a0")).join(" ");
    // The offset that held then: summer time comes and goes.
    if (time.id === "since") $("#zone").textContent = `${zone.formatToParts(moment).find((p) => p.type === "timeZoneName").value} (${clock.resolvedOptions().timeZone})`;
  }

  // Theme: the system's until the reader chooses.
  const remember = (value) => { try { localStorage.setItem("linewarden-theme", value); } catch { /* file:// may refuse */ } };
  const recall = () => { try { return localStorage.getItem("linewarden-theme"); } catch { return null; } };
  if (["light", "dark"].includes(recall())) document.documentElement.dataset.theme = recall();
  $("#theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
    remember(document.documentElement.dataset.theme);
  });

  // Tables: sort by a click on the heading, show a page at a time, hide what a filter rejects.
  const cellKey = (row, at) => row.cells[at]?.dataset.sort ?? row.cells[at]?.textContent.trim() ?? "";
  function compare(a, b) {
    if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1; // what is not known goes last
    const x = Number(a), y = Number(b);
    return Number.isNaN(x) || Number.isNaN(y) ? collator.compare(a, b) : x - y;
  }

  function enhance(table) {
    const body = table.tBodies[0];
    const state = { rows: [...body.rows], shown: Number(table.dataset.page) || Infinity, keep: () => true };
    const page = state.shown;
    const foot = el("div", { className: "more" });
    table.parentElement.after(foot);
    function refresh() {
      let kept = 0;
      for (const row of state.rows) row.hidden = !(state.keep(row) && ++kept <= state.shown);
      foot.replaceChildren();
      if (kept > state.shown) {
        const step = Math.min(page, kept - state.shown);
        foot.append(
          `${state.shown} of ${kept} shown`,
          el("button", { type: "button", onclick: () => { state.shown += page; refresh(); } }, `Show ${step} more`),
          el("button", { type: "button", onclick: () => { state.shown = Infinity; refresh(); } }, "Show all"),
        );
      }
      return kept;
    }
    function sort(head, at) {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = state.rows.map((row) => [cellKey(row, at), row]);
      keyed.sort((a, b) => (down && a[0] !== "" && b[0] !== "" ? -1 : 1) * compare(a[0], b[0]));
      state.rows = keyed.map((pair) => pair[1]);
      body.append(...state.rows);
      refresh();
      say(`Sorted by ${head.textContent}, ${down ? "descending" : "ascending"}`);
    }
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      head.replaceChildren(el("button", { type: "button", onclick: () => sort(head, at) }, head.textContent));
    });
    const all = () => { state.before = state.shown; state.shown = Infinity; refresh(); };
    addEventListener("beforeprint", all);
    addEventListener("afterprint", () => { state.shown = state.before ?? page; refresh(); });
    refresh();
    return { state, refresh, reset: () => { state.shown = page; } };
  }
  const tables = new Map($$("table.grid").map((table) => [table, enhance(table)]));

  // Cards
  const dialog = $("#card");
  const assetLink = (at) => el("button", { type: "button", className: "link", onclick: () => openAsset(at) }, data.assets[at].name);
  const table = (heads, rows) => el("div", { className: "scroll" }, el("table", { className: "plain" },
    el("thead", {}, el("tr", {}, heads.map((h) => el("th", { scope: "col" }, h)))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((c) => el("td", {}, c)))))));
  const part = (title, ...content) => el("div", {}, el("h3", {}, title), ...content);

  function show(title, under, parts) {
    const close = el("button", { type: "button", onclick: () => dialog.close() }, "Close");
    const head = el("div", { className: "card-head" }, el("div", {}, el("h2", { id: "card-title" }, title), el("p", {}, under)), close);
    $(".card-in", dialog).replaceChildren(head, ...parts);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    close.focus();
  }
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  function talksOf(at) {
    return data.talks.filter((t) => t[0] === at || t[1] === at).slice(0, 200).map(([from, to, name, protocols, verbs, size, frame]) => {
      const other = from === at ? to : from;
      return [from === at ? "asks" : "asked by", other >= 0 ? assetLink(other) : name, protocols, verbs || "–", size, frame];
    });
  }

  function openAsset(at) {
    const a = data.assets[at];
    const parts = [];
    if (a.facts.length) parts.push(el("dl", { className: "facts" }, a.facts.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])));
    if (a.reasons.length) parts.push(part("Why we think so", el("ul", {}, a.reasons.map((r) => el("li", {}, r)))));
    if (a.serves.length) parts.push(part("Answers on", table(["Protocol", "Port", "Clients"], a.serves.map((s) => s.map(String)))));
    const talks = talksOf(at);
    if (talks.length) parts.push(part("Talks to", table(["", "Device", "Protocols", "What it does (requests)", "Traffic", "First packet"], talks)));
    if (a.evidence.length) {
      const rows = a.evidence.map(([what, value, source, detail, where, sure]) => [what, value, detail ? `${source}: ${detail}` : source, sure, where]);
      parts.push(part("Evidence", table(["What", "Value", "Said by", "How sure", "Packet"], rows), a.more ? `and ${a.more} more` : ""));
    }
    show(a.name, [a.role + (a.sure ? ` (${a.sure})` : ""), a.level, a.state].filter(Boolean).join(" · "), parts);
  }

  function openGroup(key, title) {
    const members = data.nodes[key] || [];
    if (members.length === 1) return openAsset(members[0]);
    show(title, "Select a device for its card.", [el("ul", { className: "members" }, members.map((m) => el("li", {}, assetLink(m))))]);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-asset]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openAsset(Number(link.dataset.asset));
  });

  // The asset table's own: names open cards, search, filters, CSV.
  const assets = $("#asset-table");
  if (assets) assetTable(assets, tables.get(assets));

  function assetTable(grid, { state, refresh, reset }) {
    const text = new Map();
    for (const row of state.rows) {
      const at = Number(row.id.slice(6)), a = data.assets[at];
      const name = $(".name", row);
      name.replaceChildren(el("button", { type: "button", className: "open", onclick: () => openAsset(at) }, name.textContent));
      const protocols = [...new Set([...a.serves.map((s) => s[0]), ...a.uses])];
      row.protocols = protocols;
      text.set(row, [row.textContent, ...a.facts.map((f) => f[1]), ...protocols].join(" ").toLowerCase());
    }
    const value = { level: (r) => [r.dataset.level], role: (r) => [r.dataset.role], vendor: (r) => [r.dataset.vendor], protocol: (r) => r.protocols };
    const selects = $$("[data-filter]");
    for (const select of selects) {
      const counts = new Map();
      for (const row of state.rows) for (const v of value[select.dataset.filter](row)) if (v) counts.set(v, (counts.get(v) || 0) + 1);
      select.append(...[...counts].sort((a, b) => collator.compare(a[0], b[0])).map(([v, n]) => el("option", { value: v }, `${v} (${n})`)));
    }
    const query = $("#q");
    function apply() {
      const terms = query.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = selects.filter((s) => s.value).map((s) => [value[s.dataset.filter], s.value]);
      state.keep = (row) => wanted.every(([of, v]) => of(row).includes(v)) && terms.every((t) => text.get(row).includes(t));
      reset();
      const kept = refresh();
      $("#shown").textContent = kept === state.rows.length ? `${kept} rows` : `${kept} of ${state.rows.length} rows`;
      say($("#shown").textContent);
    }
    let timer = 0;
    query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 90); });
    for (const select of selects) select.addEventListener("change", apply);
    $("#filters").addEventListener("submit", (event) => event.preventDefault());
    $("#clear").addEventListener("click", () => { $("#filters").reset(); apply(); query.focus(); });

    // A cell that begins like a formula is quoted, so that a spreadsheet does not run what a device calls itself.
    const quote = (cell) => `"${(/^[=+\-@\t\r]/.test(cell) ? "'" : "") + cell.replaceAll('"', '""')}"`;
    function csv() {
      const heads = [...grid.tHead.rows[0].cells].map((c) => c.textContent);
      const rows = state.rows.filter(state.keep).map((row) => [...row.cells].map((c) => {
        const time = $("time", c);
        if (time) return time.getAttribute("datetime");
        return [...c.childNodes].map((n) => n.textContent.trim()).filter(Boolean).join(" ");
      }));
      return [heads, ...rows].map((cells) => cells.map(quote).join(",")).join("\r\n") + "\r\n";
    }
    $("#csv").addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob(["\ufeff", csv()], { type: "text/csv;charset=utf-8" }));
      const link = el("a", { href: url, download: "linewarden-devices.csv" });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    });
    $("#copy").addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(csv()); say("Copied"); $("#copy").textContent = "Copied"; }
      catch { $("#copy").textContent = "Not allowed here: use Download"; }
      setTimeout(() => { $("#copy").textContent = "Copy"; }, 2500);
    });
    apply();
  }

  const follow = () => {
    const hit = /^#asset-(\d+)$/.exec(location.hash);
    if (hit && data.assets && Number(hit[1]) < data.assets.length) openAsset(Number(hit[1]));
  };
  addEventListener("hashchange", follow);
  follow();
  return { $, $$, data, openGroup };
})();
