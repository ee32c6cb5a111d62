const STATES = {
  waiting: ["waiting for its start", "care"],
  warming_up: ["warming up", "care"],
  running: ["running", "good"],
  paused: ["paused", "care"],
  stopping: ["stopping", "care"],
  finished: ["finished", ""],
};
const SILENT_AFTER_MS = 6000;

let now = null;
let heardAt = performance.now();
let stream = null;
/** Whether the user has the start form as it should be. */
let formIsFilled = false;

const isOn = () => ["warming_up", "running", "paused"].includes(now.state);
const isOpen = () => now.wanted.rate !== undefined;

// --- what is seen ---------------------------------------------------------------------------------

function show(news) {
  now = news.snapshot;
  extendCourse(news.moments, news.whole);
  const [text, mark] = STATES[now.state];
  say(byId("state"), text);
  byId("state").className = `pill ${mark}`;
  say(byId("scenario"), now.scenario);
  say(byId("target"), now.target);
  document.title = `${figure(now.total.now_per_sec)}/s · ${now.scenario} · load-gen`;
  showProgress();
  showFigures();
  showControls();
  showWarnings(news.warnings);
  fillTables(now);
  say(byId("failure-count"), now.failures.length ? `(${count(now.total.failed)})` : "");
  say(byId("worker-count"), now.workers.length ? `(${now.workers.length})` : "");
  showDownloads(news.downloads);
  drawCharts();
}

function showProgress() {
  const bar = byId("progress");
  bar.hidden = now.planned_s === null;
  if (now.planned_s !== null) bar.value = Math.min(1, now.elapsed_s / Math.max(now.planned_s, 1));
  say(byId("elapsed"), now.planned_s === null ? clock(now.elapsed_s) : `${clock(now.elapsed_s)} of ${clock(now.planned_s)}`);
}

function showFigures() {
  const total = now.total;
  const users = sum(now.users.map(([, users]) => users));
  const all = total.succeeded + total.failed;
  const dropped = sum(Object.values(now.iterations.dropped));
  const load = isOpen()
    ? [["Wanted /s", figure(now.wanted.rate)], ["Users", count(users)]]
    : [["Users", users === now.wanted.users ? count(users) : `${count(users)} of ${count(now.wanted.users)}`]];
  const rows = [
    ...load,
    ["Requests /s", figure(total.now_per_sec)],
    ["Failed", all ? `${figure((100 * total.failed) / all)} %` : "–", total.failed ? "bad" : ""],
    ["Median ms", figure(total.now_median_ms)],
    ["p95 ms", figure(total.now_p95_ms)],
    ["p99 ms", figure(total.now_p99_ms)],
  ];
  if (dropped) rows.push(["Dropped", count(dropped), "bad"]);
  rows.push(["Generator CPU", percent(now.generator.cpu_ratio), now.generator.limited_since ? "bad" : ""]);
  terms(byId("figures"), rows);
}

function showControls() {
  byId("edit").hidden = !isOn();
  byId("pause").hidden = !isOn();
  say(byId("pause"), now.state === "paused" ? "Resume" : "Pause");
  byId("stop").hidden = !isOn() && now.state !== "waiting";
  if (!isOn()) openEdit(false);
  const form = byId("start-form");
  form.hidden = now.state !== "waiting";
  for (const label of document.querySelectorAll(".for-users, .for-rate")) {
    label.hidden = label.classList.contains("for-rate") !== isOpen();
    label.querySelector("input").disabled = label.hidden;
  }
  if (!form.hidden && !formIsFilled) {
    formIsFilled = true;
    if (isOpen()) byId("start-rate").value = now.wanted.rate;
    else byId("start-users").value = Math.max(1, now.wanted.users);
  }
}

function showWarnings(warnings) {
  const list = byId("warnings");
  const same = list.children.length === warnings.length && warnings.every((it, place) => list.children[place].textContent === it);
  if (same) return;
  list.replaceChildren(...warnings.map((it) => {
    const line = document.createElement("li");
    line.textContent = it;
    return line;
  }));
}

function showDownloads(names) {
  for (const link of document.querySelectorAll("#page-download a")) {
    if (names.includes(link.id)) link.href = `/api/${link.id}`;
    else link.removeAttribute("href");
  }
  byId("download-remark").hidden = names.length > 0;
}

// --- what is asked --------------------------------------------------------------------------------

async function order(name, body) {
  const refusal = byId("refusal");
  try {
    const answer = await fetch(`/api/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body || {}),
    });
    if (!answer.ok) throw new Error((await answer.json()).error);
    refusal.hidden = true;
    return true;
  } catch (error) {
    say(refusal, `${name}: ${error.message}`);
    refusal.hidden = false;
    return false;
  }
}

const optional = (input) => (input.value === "" ? undefined : Number(input.value));

byId("start-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!isOpen()) {
    await order("start", { users: Number(byId("start-users").value), spawn_rate: optional(byId("start-spawn")) });
    return;
  }
  const rate = Number(byId("start-rate").value);
  const planned = now.wanted.rate;
  if (!(await order("start")) || rate === planned) return;
  // Another rate than the plan's can only be had once the run has begun.
  for (let tries = 0; tries < 50 && now.state === "waiting"; tries += 1) await new Promise((go) => setTimeout(go, 100));
  await order("rate", { rate });
});

function openEdit(open) {
  if (byId("edit-form").hidden !== open) return;
  byId("edit-form").hidden = !open;
  byId("edit").setAttribute("aria-expanded", String(open));
  if (!open) return;
  const input = byId(isOpen() ? "edit-rate" : "edit-users");
  input.value = isOpen() ? now.wanted.rate : now.wanted.users;
  input.focus();
  input.select();
}

byId("edit").addEventListener("click", () => openEdit(byId("edit-form").hidden));
byId("edit-close").addEventListener("click", () => { openEdit(false); byId("edit").focus(); });
byId("edit-form").addEventListener("keydown", (event) => { if (event.key === "Escape") byId("edit-close").click(); });
byId("edit-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const done = isOpen()
    ? await order("rate", { rate: Number(byId("edit-rate").value) })
    : await order("users", { users: Number(byId("edit-users").value), spawn_rate: optional(byId("edit-spawn")) });
  if (done) byId("edit-close").click();
});
byId("pause").addEventListener("click", () => order(now.state === "paused" ? "resume" : "pause"));
byId("stop").addEventListener("click", () => byId("stop-dialog").showModal());
byId("stop-no").addEventListener("click", () => byId("stop-dialog").close());
byId("stop-yes").addEventListener("click", () => { byId("stop-dialog").close(); order("stop"); });

// --- pages ----------------------------------------------------------------------------------------

const tabs = [...document.querySelectorAll("[role=tab]")];

function choose(chosen) {
  for (const tab of tabs) {
    const is = tab === chosen;
    tab.setAttribute("aria-selected", String(is));
    tab.tabIndex = is ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !is;
  }
  history.replaceState(null, "", `#${chosen.id.slice("tab-".length)}`);
  drawCharts();
}

tabs.forEach((tab, place) => {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const last = tabs.length - 1;
    const to = { ArrowRight: place === last ? 0 : place + 1, ArrowLeft: place === 0 ? last : place - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    tabs[to].focus();
    choose(tabs[to]);
  });
});

// --- news -----------------------------------------------------------------------------------------

function listen() {
  if (stream) stream.close();
  stream = new EventSource("/api/stream");
  stream.addEventListener("message", (event) => {
    heardAt = performance.now();
    byId("silence").hidden = true;
    show(JSON.parse(event.data));
  });
  stream.addEventListener("error", () => {
    // A browser tries again by itself unless the answer was no stream at all.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

setInterval(() => {
  const silent = performance.now() - heardAt;
  if (document.hidden || silent < SILENT_AFTER_MS) return;
  say(byId("silence"), `No news for ${Math.round(silent / 1000)} s: load-gen has ended or cannot be reached. This page goes on when it answers.`);
  byId("silence").hidden = false;
}, 1000);

// A browser has six connections for all pages of a host: those that nobody sees leave theirs.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream.close();
  } else {
    heardAt = performance.now();
    listen();
  }
});

// The token of the URL is in a cookie now; it should stay in no bookmark.
history.replaceState(null, "", `/${location.hash}`);
choose(byId(`tab-${location.hash.slice(1)}`) || tabs[0]);
listen();
