// What every page shares: commands, live events, keys, times, notes.
const body = document.body;
const notes = JSON.parse(body.dataset.texts);
const links = JSON.parse(body.dataset.live);
const problems = JSON.parse(body.dataset.problems);
const language = document.documentElement.lang;

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
export const busy = () => document.querySelector("dialog[open]") !== null;

// ---- notes

export function say(text, bad = false) {
  const toast = document.createElement("p");
  toast.className = bad ? "toast bad" : "toast";
  toast.textContent = text;
  const place = document.getElementById("toasts");
  place.append(toast);
  while (place.children.length > 4) place.firstChild.remove();
  setTimeout(() => toast.remove(), bad ? 12000 : 5000);
}

// ---- times

const near = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(language, { year: "numeric", month: "2-digit", day: "2-digit" });
const full = new Intl.DateTimeFormat(language, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

function date(element) {
  return new Date(element.dateTime);
}

function age(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const gone = Math.abs(seconds);
  if (gone < 60) return near.format(Math.round(seconds), "second");
  if (gone < 3600) return near.format(Math.round(seconds / 60), "minute");
  if (gone < 12 * 3600) return near.format(Math.round(seconds / 3600), "hour");
  return full.format(moment);
}

export function tellTimes(root = document) {
  for (const element of root.querySelectorAll("time")) {
    const moment = date(element);
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = "full" in element.dataset ? full.format(moment) : "day" in element.dataset ? day.format(moment) : age(moment);
    element.title ||= `${moment.toLocaleDateString(language)} ${clock.format(moment)}`;
  }
}
tellTimes();
// Only what can be seen: a page may hold thousands of rows.
setInterval(() => {
  for (const element of document.querySelectorAll("time:not([data-full], [data-day])")) {
    const box = element.getBoundingClientRect();
    if (box.bottom > 0 && box.top < innerHeight && !Number.isNaN(date(element).getTime())) element.textContent = age(date(element));
  }
}, 10000);

// ---- commands

const waiting = new Map();
const latest = new Map();

export async function post(path, fields) {
  const form = new URLSearchParams({ csrf: body.dataset.csrf, key: fields.key ?? crypto.randomUUID?.() ?? String(Math.random()), ...fields });
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body: form, headers: { Accept: "application/json" }, redirect: "error" });
  } catch {
    say(notes.offline, true);
    return null;
  }
  if (answer.status === 202) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  say(problem.message ?? problems[answer.status] ?? notes.unsent, true);
  if (answer.status === 401) setLink("ended");
  return null;
}

// One command about an alert: said to be pending until its next revision comes, or ten seconds have gone.
export async function command(element, verb, fields = {}) {
  const { id, revision } = element.dataset;
  if (element.classList.contains("pending")) return false;
  element.classList.add("pending");
  element.setAttribute("aria-busy", "true");
  for (const button of element.querySelectorAll("button[data-do]")) button.disabled = true;
  const done = () => settle(element);
  const answer = await post(`/alerts/${encodeURIComponent(id)}/${verb}`, { revision, ...fields });
  if (!answer) {
    done();
    return false;
  }
  // The revision may be faster than the answer.
  if ((latest.get(id) ?? 0) > Number(revision)) {
    say(notes.done);
    return true;
  }
  say(notes.sent);
  const timer = setTimeout(() => {
    waiting.delete(id);
    say(notes.unconfirmed, true);
    done();
  }, 10000);
  waiting.set(id, { revision: Number(revision), timer });
  return true;
}

function settle(element) {
  element.classList.remove("pending");
  element.removeAttribute("aria-busy");
  for (const button of element.querySelectorAll("button[data-do]")) button.disabled = false;
}

// The newest revision that was told of live.
export const newest = (id) => latest.get(id) ?? 0;

// A revision came: what waited for it is done.
export function confirm(id, revision) {
  latest.set(id, Math.max(revision, latest.get(id) ?? 0));
  if (latest.size > 5000) latest.delete(latest.keys().next().value);
  const wait = waiting.get(id);
  if (!wait || revision <= wait.revision) return;
  clearTimeout(wait.timer);
  waiting.delete(id);
  say(notes.done);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy) copy(button);
  const element = button.closest("[data-id]");
  if ("close" in button.dataset) button.closest("dialog").close();
  if (!button.dataset.do || !element) return;
  event.preventDefault();
  act(element, button.dataset.do);
});

export function act(element, what) {
  if (what === "silence") return silence(element);
  const button = element.querySelector(`button[data-do="${what}"]`);
  if (!button || button.disabled) return undefined;
  const comment = document.getElementById("comment");
  const fields = comment?.value ? { comment: comment.value } : {};
  return command(element, what, fields);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  const before = button.textContent;
  button.textContent = body.dataset.copied;
  setTimeout(() => { button.textContent = before; }, 1500);
}

// ---- silences

function silence(element) {
  const dialog = document.getElementById("silence");
  if (!dialog) return;
  const form = dialog.querySelector("form");
  const labels = JSON.parse(element.dataset.labels);
  const tenant = labels.tenant_id;
  delete labels.tenant_id;
  delete labels.tier;
  form.elements.tenant.value = tenant;
  form.elements.match.value = Object.entries(labels).map(([name, value]) => `${name}=${value}`).join("\n");
  form.elements.why.value = (element.querySelector(".title") ?? element.querySelector("h1")).textContent.trim();
  dialog.showModal();
  form.querySelector(".primary").focus();
}

document.querySelector("form[data-silence]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { match, duration_s, why, tenant } = form.elements;
  const answer = await post("/silences", { match: match.value, duration_s: duration_s.value, why: why.value, tenant: tenant.value });
  if (answer) {
    form.closest("dialog").close();
    say(notes.silenced);
  }
});

// ---- keys

const keys = new Map();
export const onKey = (key, work) => keys.set(key, work);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, dialog")) {
    if (event.key === "Escape" && event.target.closest("input")) event.target.blur();
    return;
  }
  const work = keys.get(event.key);
  if (!work || busy()) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  event.preventDefault();
  work();
});
const help = document.getElementById("help");
onKey("?", () => help.showModal());
document.getElementById("show-help").addEventListener("click", () => help.showModal());

// ---- live

const link = document.getElementById("link");
function setLink(state) {
  if (link.dataset.state === state) return;
  link.dataset.state = state;
  link.lastElementChild.textContent = links[state];
}

export const ended = () => setLink("ended");

// Follows the alerts of a URL. A connection that dies without a word is found by the missing heartbeat. A tab that is out of sight
// gives its connection back after a while, as browsers have few of them for one site; in sight again it reads what it missed.
export function follow(url, { alert, missed }) {
  const gone = new AbortController();
  const listen = (target, name, work) => target.addEventListener(name, work, { signal: gone.signal });
  let source, watch, hidden;
  const alive = () => {
    setLink("connected");
    clearTimeout(watch);
    watch = setTimeout(() => { rest(); open(); }, 45000);
  };
  const rest = () => { clearTimeout(watch); source?.close(); source = undefined; };
  function open() {
    if (gone.signal.aborted) return;
    const mine = new EventSource(url);
    source = mine;
    mine.onopen = () => {
      alive();
      // What happened between the page's reading and this connection is read now; the store may be a moment behind.
      setTimeout(missed, 500 + 1000 * Math.random());
    };
    mine.onerror = () => {
      setLink(navigator.onLine ? "retrying" : "offline");
      if (mine.readyState === EventSource.CLOSED && source === mine) refused();
    };
    mine.addEventListener("beat", alive);
    mine.addEventListener("missed", missed);
    mine.addEventListener("ended", () => { stop(); setLink("ended"); });
    mine.addEventListener("alert", (event) => { alive(); alert(JSON.parse(event.data)); });
  }
  // EventSource does not try again after an answer that is none: find out why, and try later.
  async function refused() {
    rest();
    const answer = await fetch("/alerts/counts", { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.status === 401) { stop(); setLink("ended"); return; }
    setTimeout(() => source ?? open(), 3000);
  }
  function stop() { rest(); clearTimeout(hidden); gone.abort(); }
  listen(document, "visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(rest, 5000);
    else if (!source) open();
  });
  listen(window, "pagehide", stop);
  listen(window, "online", () => { setLink("retrying"); rest(); open(); });
  listen(window, "offline", () => setLink("offline"));
  open();
  return stop;
}
addEventListener("pageshow", (event) => event.persisted && location.reload());

// Pages without live alerts still show whether the console is there.
if (!document.querySelector("#rows, #alert, main [data-live]")) follow("/live?tenant=&alert=none", { alert() {}, missed() {} });
