// The list: filters, live rows, more rows, keys.
import { act, busy, confirm, fill, follow, newest, onKey, say, tellTimes } from "./console.js";

const rows = document.getElementById("rows");
const filters = document.getElementById("filters");
const fresh = document.getElementById("fresh");
const notes = JSON.parse(document.body.dataset.texts);
let held = [];
let stop;

// ---- rows

const made = document.createElement("template");
function parse(html) {
  made.innerHTML = html;
  const row = made.content.firstElementChild;
  tellTimes(made.content);
  return row;
}

// The order of the list: the highest tier first, then the latest change.
function before(one, other) {
  return Number(one.dataset.tier) - Number(other.dataset.tier) || Date.parse(one.dataset.at) - Date.parse(other.dataset.at);
}

function place(row) {
  rows.querySelector(".empty")?.remove();
  const all = rows.getElementsByClassName("row");
  let low = 0, high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(all[middle], row) < 0) high = middle; else low = middle + 1;
  }
  const more = rows.querySelector(".more");
  // What belongs behind the last row comes with the next page.
  if (low === all.length && more) return;
  rows.insertBefore(row, all[low] ?? more);
}

let fell = [];
function show(message) {
  confirm(message.id, message.revision);
  const known = document.getElementById(`a-${message.id}`);
  if (known && Number(known.dataset.revision) >= message.revision) return;
  if (!message.row) {
    held = held.filter((each) => each.id !== message.id);
    if (known) leave(known);
    return;
  }
  if (known) {
    const focused = known === document.activeElement || known.contains(document.activeElement);
    const row = parse(message.row);
    const moved = row.dataset.tier !== known.dataset.tier;
    if (moved) { known.remove(); place(row); } else known.replaceWith(row);
    row.classList.add("came");
    if (focused) row.focus({ preventScroll: true });
    return;
  }
  if (!fell.some((each) => each.id === message.id)) fell.push(message);
  // A reader far down is not pushed away from what they read.
  if (scrollY > 300) hold(message); else { const row = parse(message.row); row.classList.add("came"); place(row); }
}

function leave(row) {
  const next = row.nextElementSibling;
  if (row.contains(document.activeElement)) (next?.classList.contains("row") ? next : rows.querySelector(".row"))?.focus({ preventScroll: true });
  row.remove();
  if (!rows.querySelector(".row, .more")) reload();
}

function hold(message) {
  held = held.filter((each) => each.id !== message.id);
  held.push(message);
  fresh.textContent = fill(document.body.dataset.fresh, { n: held.length });
  fresh.hidden = false;
}
fresh.addEventListener("click", () => {
  const shown = held;
  held = [];
  fresh.hidden = true;
  scrollTo(0, 0);
  for (const message of shown) if (!document.getElementById(`a-${message.id}`)) place(parse(message.row));
});

// Said at most every five seconds, politely.
setInterval(() => {
  if (fell.length === 0) return;
  const red = fell.filter((each) => each.tier === "red").length;
  say(fill(notes.new, { n: fell.length, red }));
  fell = [];
}, 5000);

// ---- counts: at most once a second

let counting = false;
function count() {
  if (counting) return;
  counting = true;
  setTimeout(async () => {
    counting = false;
    const tenant = filters.elements.tenant?.value ?? "";
    const answer = await fetch(`/alerts/counts?${new URLSearchParams({ tenant })}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    for (const [tier, n] of Object.entries(await answer.json())) rows.ownerDocument.querySelector(`[data-count="${tier}"]`).textContent = n;
  }, 1000);
}

// ---- filters live in the URL

function query() {
  const given = new URLSearchParams();
  for (const [name, value] of new FormData(filters)) {
    if (!value.trim() || (name === "open" && value === "true")) continue;
    given.set(name, given.has(name) ? `${given.get(name)},${value.trim()}` : value.trim());
  }
  return given.toString();
}

let asked = 0;
async function reload() {
  const turn = ++asked;
  rows.setAttribute("aria-busy", "true");
  const answer = await fetch(`/alerts/rows?${query()}`).catch(() => null);
  if (turn !== asked) return;
  rows.removeAttribute("aria-busy");
  if (!answer?.ok) { say(notes.offline, true); return; }
  const html = await answer.text();
  if (turn !== asked) return;
  made.innerHTML = html;
  tellTimes(made.content);
  rows.replaceChildren(made.content);
  held = [];
  fresh.hidden = true;
  watch();
}

// Read again as many rows as there are, and bring in what differs: nobody loses their place.
async function resync() {
  const turn = asked;
  const known = rows.getElementsByClassName("row").length;
  const read = new Map();
  let next = `/alerts/rows?${query()}`, last;
  do {
    const answer = await fetch(next).catch(() => null);
    if (turn !== asked || !answer?.ok) return;
    const page = document.createElement("template");
    page.innerHTML = await answer.text();
    if (turn !== asked) return;
    tellTimes(page.content);
    for (const row of page.content.querySelectorAll(".row")) { read.set(row.dataset.id, row); last = row; }
    next = page.content.querySelector(".more a")?.dataset.more;
  } while (next && read.size < known && read.size < 2000);
  for (const row of rows.querySelectorAll(".row")) {
    const { id, revision } = row.dataset;
    const other = read.get(id);
    read.delete(id);
    if (!other) {
      // The store may not have yet what has just come live.
      if ((!next || before(row, last) >= 0) && newest(id) !== Number(revision)) leave(row);
    } else if (Number(other.dataset.revision) > Number(revision)) {
      row.remove();
      place(other);
    }
  }
  for (const row of read.values()) if (Number(row.dataset.revision) >= newest(row.dataset.id)) place(row);
}

function filter() {
  const search = query();
  history.replaceState(null, "", search ? `?${search}` : location.pathname);
  document.getElementById("clear").hidden = search === "";
  document.querySelector(".warn")?.remove();
  listen();
  return reload();
}

document.getElementById("fold").addEventListener("click", (event) => {
  event.currentTarget.setAttribute("aria-expanded", String(filters.classList.toggle("open")));
});

let typing;
filters.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(filter, 120); });
filters.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); filter(); });
for (const tile of document.querySelectorAll(".tile")) {
  tile.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const chosen = filters.querySelector(`input[name="tier"][value="${tile.dataset.tierName}"]`);
    if (chosen) { chosen.remove(); tile.removeAttribute("aria-current"); } else {
      const input = Object.assign(document.createElement("input"), { type: "hidden", name: "tier", value: tile.dataset.tierName });
      filters.append(input);
      tile.setAttribute("aria-current", "true");
    }
    filter();
  });
}

// ---- more rows, when they are nearly seen

const seen = new IntersectionObserver((entries) => { if (entries.some((each) => each.isIntersecting)) more(); }, { rootMargin: "600px" });
function watch() {
  seen.disconnect();
  const next = rows.querySelector(".more");
  if (next) seen.observe(next);
}
let loading = false;
async function more() {
  const next = rows.querySelector(".more");
  if (!next || loading) return;
  loading = true;
  const turn = asked;
  const answer = await fetch(next.firstElementChild.dataset.more).catch(() => null);
  loading = false;
  if (turn !== asked || !answer?.ok) return;
  made.innerHTML = await answer.text();
  tellTimes(made.content);
  for (const row of [...made.content.querySelectorAll(".row")]) if (document.getElementById(row.id)) row.remove();
  next.replaceWith(made.content);
  watch();
}
rows.addEventListener("click", (event) => { if (event.target.closest(".more")) { event.preventDefault(); more(); } });

// ---- live

function listen() {
  stop?.();
  stop = follow(`/live?${query()}`, {
    alert(message) { show(message); count(); },
    missed() { resync(); count(); },
  });
}

// ---- keys

const current = () => document.activeElement?.closest?.(".row");
function step(way) {
  const row = current();
  let next = row;
  do { next = row ? next?.[way] : rows.querySelector(".row"); } while (row && next && !next.classList.contains("row"));
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}
onKey("j", () => step("nextElementSibling"));
onKey("k", () => step("previousElementSibling"));
onKey("Enter", () => current()?.querySelector(".title").click());
onKey("a", () => current() && act(current(), "acknowledge"));
onKey("w", () => current() && act(current(), "start"));
onKey("r", () => current() && act(current(), "resolve"));
onKey("s", () => current() && act(current(), "silence"));
onKey("/", () => document.getElementById("search").focus());
onKey("u", () => busy() || history.back());

watch();
listen();
