// One alert: the chart, its commands, and the page anew when a revision comes.
import { act, confirm, follow, onKey, post, say, tellTimes } from "./console.js";

const holder = document.getElementById("alert");
const notes = JSON.parse(document.body.dataset.texts);
const article = () => holder.querySelector("article");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
let chart;

// Values hold until the next revision: they are drawn as steps.
function draw() {
  chart?.destroy();
  chart = undefined;
  const figure = holder.querySelector(".chart");
  const steps = [...holder.querySelectorAll(".steps tbody tr")].map((row) => row.dataset).filter((step) => step.epoch !== "");
  steps.sort((one, other) => Number(one.epoch) - Number(other.epoch));
  if (steps.length < 2) return;
  const column = (name) => steps.map((step) => (step[name] === "" ? null : Number(step[name])));
  const stepped = uPlot.paths.stepped({ align: 1 });
  const line = (label, stroke, more = {}) => ({ label, stroke, width: 2, paths: stepped, points: { show: false }, ...more });
  const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
  const data = [column("epoch"), column("value"), column("threshold")];
  const series = [
    { label: figure.dataset.time },
    line(figure.dataset.value, colour("ink"), { points: { show: true, size: 7, fill: colour("ink") } }),
    line(figure.dataset.threshold, colour("red"), { dash: [8, 4] }),
  ];
  if (steps.some((step) => step.baseline !== "")) {
    data.push(column("baseline"));
    series.push(line(figure.dataset.baseline, colour("blue"), { dash: [2, 4] }));
  }
  const short = (value) => (value === null ? "–" : Number(value.toPrecision(4)).toString());
  for (const each of series.slice(1)) each.value = (_, value) => short(value);
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const clockS = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  series[0].value = (_, at) => (at === null ? "–" : time.format(at * 1000));
  const brief = data[0].at(-1) - data[0][0] < 600;
  const times = { ...axis, values: (_, ticks) => ticks.map((at) => (brief ? clockS : clock).format(at * 1000)), space: 80 };
  const range = (_, low, high) => {
    const pad = (high - low || Math.abs(high) || 1) * 0.12;
    return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
  };
  chart = new uPlot({ width: figure.clientWidth, height: 240, series, axes: [times, { ...axis, size: 60 }], scales: { y: { range } } }, data, figure);
}

async function refresh(revision, always = true) {
  const answer = await fetch(`/alerts/${article().dataset.id}/body?revision=${revision}`).catch(() => null);
  if (!answer?.ok) { say(notes.offline, true); return; }
  const html = await answer.text();
  if (!always && html.includes(`data-revision="${article().dataset.revision}"`)) return;
  const focused = document.activeElement?.dataset?.do;
  const comment = document.getElementById("comment")?.value ?? "";
  const open = [...holder.querySelectorAll("details")].map((each) => each.open);
  holder.innerHTML = html;
  holder.querySelectorAll("details").forEach((each, place) => { each.open = open[place] ?? false; });
  const box = document.getElementById("comment");
  if (box && Number(revision) === 0) box.value = comment;
  if (focused) (holder.querySelector(`button[data-do="${focused}"]`) ?? holder.querySelector(".acts-panel button"))?.focus();
  tellTimes(holder);
  draw();
}

holder.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-verdict]")) return;
  event.preventDefault();
  const verdict = event.submitter.value;
  const comment = document.getElementById("comment")?.value ?? "";
  const answer = await post(`/alerts/${article().dataset.id}/feedback`, { verdict, comment });
  if (!answer) return;
  say(notes.recorded);
  setTimeout(() => refresh(0), 1000);
});

for (const [key, what] of [["a", "acknowledge"], ["w", "start"], ["r", "resolve"], ["s", "silence"]]) onKey(key, () => act(article(), what));
onKey("u", () => document.getElementById("back").click());

follow(`/live?alert=${encodeURIComponent(article().dataset.id)}&open=all`, {
  alert(message) {
    confirm(message.id, message.revision);
    if (message.revision > Number(article().dataset.revision)) refresh(message.revision);
  },
  missed() { refresh(0, false); },
});

let width = innerWidth;
addEventListener("resize", () => {
  if (chart && innerWidth !== width) chart.setSize({ width: holder.querySelector(".chart").clientWidth, height: 240 });
  width = innerWidth;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
