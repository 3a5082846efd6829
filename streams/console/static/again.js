// A part of a page that is read anew: every so often, and where it says so whenever an alert has changed.
import { ended, follow, onKey, say, tellTimes } from "./console.js";

const part = document.querySelector("[data-again]");
const notes = JSON.parse(document.body.dataset.texts);
const every = Number(part.dataset.every);
let before = part.innerHTML, failed = false, running = false, asked = false, timer, due = Infinity;

function show(html) {
  if (html === before) return;
  before = html;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...part.querySelectorAll("details[open][id]")].map((each) => each.id));
  part.innerHTML = html;
  for (const each of part.querySelectorAll("details[id]")) each.open = open.has(each.id);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  tellTimes(part);
}

async function again() {
  due = Infinity;
  running = true;
  asked = false;
  const answer = await fetch(part.dataset.again, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.status === 401) { ended(); return; }
  if (answer?.ok) show(await answer.text());
  // Said once for each break.
  else if (!failed) say(notes.stale, true);
  failed = !answer?.ok;
  part.classList.toggle("stale", failed);
  running = false;
  if (asked) soon(1000); else if (every) soon(every);
}

// The earliest of what was asked for. Out of sight nothing is read; in sight again it is read at once.
function soon(after) {
  if (running) { asked = true; return; }
  if (due <= Date.now() + after) return;
  due = Date.now() + after;
  clearTimeout(timer);
  timer = setTimeout(() => { if (document.hidden) due = Infinity; else again(); }, after);
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(0); });

onKey("/", () => document.getElementById("search")?.focus());
if (every) soon(every);
if ("live" in part.dataset) {
  // The store may be a moment behind the event.
  const changed = () => soon(1000);
  follow(part.dataset.live, { alert: changed, missed: changed });
}
