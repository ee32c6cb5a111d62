const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 46, right: 8, top: 8, bottom: 20 };

/** Charts over time. A curve: { name, mark (colour), value(moment), peaks: whether they matter most, text(value) }. */
const CHARTS = [
  {
    title: "Requests per second",
    curves: [
      { name: "succeeded", mark: "good", value: (it) => it.succeeded_per_sec },
      { name: "failed", mark: "bad", value: (it) => it.failed_per_sec, peaks: true },
      { name: "iterations wanted", mark: "accent", value: (it) => it.wanted_per_sec },
    ],
  },
  {
    title: "Response time, ms",
    log: true,
    curves: [
      { name: "p99", mark: "p99", value: (it) => it.p99_ms, peaks: true },
      { name: "p95", mark: "p95", value: (it) => it.p95_ms, peaks: true },
      { name: "median", mark: "p50", value: (it) => it.median_ms, peaks: true },
    ],
  },
  { title: "Users", curves: [{ name: "users", mark: "accent", value: (it) => it.users, text: count }] },
  {
    title: "Generator",
    curves: [
      { name: "CPU %", mark: "care", value: (it) => (it.cpu_ratio === null ? null : it.cpu_ratio * 100), peaks: true },
      { name: "dropped iterations", mark: "bad", value: (it) => it.dropped, peaks: true, text: count },
    ],
  },
];

let course = [];
/** The time under the pointer, in all charts; null: the latest. */
let cursor = null;

function svg(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return parent ? parent.appendChild(element) : element;
}

/** 1, 2, 4, 6 or 8 times a power of ten, at or above the value: their halves are round too. */
function roundAbove(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((it) => it * power).find((it) => it >= value * (1 - 1e-12));
}

/** The heights between which values lie, and the values at which lines are drawn. */
function axis(values, log) {
  if (!log) {
    const top = roundAbove(values.reduce((most, it) => Math.max(most, it), 0));
    return { low: 0, high: top, ticks: [0, top / 2, top], height: (value) => value };
  }
  const positive = values.filter((it) => it > 0);
  const height = (value) => Math.log10(Math.max(value, 1e-3));
  const low = positive.length ? Math.floor(height(positive.reduce((a, b) => Math.min(a, b)))) : 0;
  const high = Math.max(positive.length ? Math.ceil(height(positive.reduce((a, b) => Math.max(a, b)))) : 1, low + 1);
  const ticks = Array.from({ length: high - low + 1 }, (_, place) => 10 ** (low + place));
  return { low, high, ticks, height };
}

/** At most two points a pixel: peaks stay where they matter, otherwise the mean. */
function thinned(curve, width) {
  const size = Math.max(1, Math.ceil(course.length / (width * 2)));
  const points = [];
  for (let from = 0; from < course.length; from += size) {
    const part = course.slice(from, from + size);
    const values = part.map(curve.value).filter((it) => it !== null);
    const value = values.length === 0 ? null : curve.peaks ? Math.max(...values) : sum(values) / values.length;
    points.push([part[0].t_s, value]);
  }
  return points;
}

function outline(points, x, y) {
  let open = false;
  return points.map(([t, value]) => {
    if (value === null) {
      open = false;
      return "";
    }
    const step = `${open ? "L" : "M"}${x(t).toFixed(1)} ${y(value).toFixed(1)}`;
    open = true;
    return step;
  }).join("");
}

function momentAt(time) {
  if (time === null) return course[course.length - 1];
  return course.find((it) => it.t_s + it.seconds > time) || course[course.length - 1];
}

function makeChart(chart) {
  const box = byId("page-charts").appendChild(document.createElement("figure"));
  const caption = box.appendChild(document.createElement("figcaption"));
  caption.appendChild(document.createElement("b")).textContent = chart.title;
  const readouts = chart.curves.map((curve) => {
    const text = caption.appendChild(document.createElement("span"));
    text.className = curve.mark;
    return text;
  });
  const picture = svg("svg", { role: "img", tabindex: "0" }, box);
  const times = () => [course[0].t_s, course[course.length - 1].t_s + course[course.length - 1].seconds];

  function draw() {
    const width = picture.clientWidth;
    const height = picture.clientHeight;
    picture.replaceChildren();
    if (course.length === 0 || width === 0) return;
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const [start, end] = times();
    const x = (t) => MARGIN.left + ((t - start) / Math.max(end - start, 1)) * (width - MARGIN.left - MARGIN.right);
    const lines = chart.curves.map((curve) => thinned(curve, width));
    const scale = axis(lines.flatMap((points) => points.map(([, value]) => value).filter((it) => it !== null)), chart.log);
    const y = (value) => {
      const share = (scale.height(value) - scale.low) / (scale.high - scale.low);
      return height - MARGIN.bottom - share * (height - MARGIN.top - MARGIN.bottom);
    };
    for (const tick of scale.ticks) {
      svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }, picture);
      svg("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, picture).textContent = figure(tick).replace(/\.0+$/, "");
    }
    for (const [share, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
      const t = start + (end - start) * share;
      svg("text", { x: x(t), y: height - 4, "text-anchor": anchor }, picture).textContent = clock(t);
    }
    chart.curves.forEach((curve, place) => {
      svg("path", { class: curve.mark, d: outline(lines[place], x, y), "data-points": lines[place].length }, picture);
    });
    if (cursor !== null) svg("line", { class: "cursor", x1: x(cursor), x2: x(cursor), y1: MARGIN.top, y2: height - MARGIN.bottom }, picture);
    tell();
  }

  function tell() {
    const moment = momentAt(cursor);
    const at = cursor === null ? "" : ` at ${clock(moment.t_s)}`;
    chart.curves.forEach((curve, place) => {
      const value = curve.value(moment);
      readouts[place].hidden = value === null && !course.some((it) => curve.value(it) !== null);
      say(readouts[place], `${curve.name} ${(curve.text || figure)(value)}${at}`);
    });
    picture.setAttribute("aria-label", `${chart.title}: ${readouts.filter((it) => !it.hidden).map((it) => it.textContent).join(", ")}`);
  }

  picture.addEventListener("pointermove", (event) => {
    if (course.length === 0) return;
    const area = picture.getBoundingClientRect();
    const share = (event.clientX - area.left - MARGIN.left) / (area.width - MARGIN.left - MARGIN.right);
    const [start, end] = times();
    moveCursor(start + Math.min(Math.max(share, 0), 1) * (end - start));
  });
  picture.addEventListener("pointerleave", () => moveCursor(null));
  picture.addEventListener("blur", () => moveCursor(null));
  picture.addEventListener("keydown", (event) => {
    if (course.length === 0) return;
    const [start, end] = times();
    const step = Math.max((end - start) / 100, course[0].seconds);
    if (event.key === "ArrowLeft") moveCursor(Math.max(start, (cursor ?? end) - step));
    else if (event.key === "ArrowRight") moveCursor(Math.min(end, (cursor ?? end) + step));
    else if (event.key === "Escape") moveCursor(null);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(draw).observe(picture);
  return { draw };
}

const charts = CHARTS.map(makeChart);

function drawCharts() {
  if (!byId("page-charts").hidden) charts.forEach((chart) => chart.draw());
}

function moveCursor(time) {
  cursor = time;
  drawCharts();
}

/** Takes what is new of the course: the first moment replaces the one of the same time. */
function extendCourse(moments, whole) {
  if (whole) course = moments;
  else if (moments.length > 0) course = [...course.filter((it) => it.t_s < moments[0].t_s), ...moments];
}
