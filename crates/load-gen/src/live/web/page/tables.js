/**
 * A table that is filled again and again. Columns: { title, value(row), text(value)?, kind?: "text" | "long" }.
 * Its headings are buttons that sort.
 */
function makeTable(id, columns, emptyText) {
  const table = byId(id);
  const head = table.createTHead().insertRow();
  const body = table.createTBody();
  let order = null;
  let last = [[], null];
  columns.forEach((column, place) => {
    const cell = head.appendChild(document.createElement("th"));
    cell.scope = "col";
    if (column.kind) cell.className = "text";
    const button = cell.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = column.title;
    button.addEventListener("click", () => {
      const again = order && order.place === place;
      order = { place, down: again ? !order.down : !column.kind };
      for (const other of head.children) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      fill(...last);
    });
  });

  function sorted(rows) {
    if (!order) return rows;
    const value = columns[order.place].value;
    const sign = order.down ? -1 : 1;
    return [...rows].sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      if (typeof a === "string") return sign * a.localeCompare(b);
      return sign * ((a ?? -Infinity) - (b ?? -Infinity) || 0);
    });
  }

  function fillRow(line, row, mark) {
    line.className = mark;
    columns.forEach((column, place) => {
      const cell = line.cells[place] || line.insertCell();
      const value = column.value(row);
      cell.className = column.kind === "long" ? "text long" : column.kind || "";
      say(cell, column.text ? column.text(value) : String(value));
    });
  }

  /** Rows, and a last one that sums them up or null. */
  function fill(rows, total) {
    last = [rows, total];
    const all = total ? [...sorted(rows), total] : sorted(rows);
    const wanted = Math.max(all.length, 1);
    while (body.rows.length > wanted) body.deleteRow(-1);
    while (body.rows.length < wanted) body.insertRow();
    if (all.length === 0) {
      const line = body.rows[0];
      line.replaceChildren();
      const cell = line.insertCell();
      cell.colSpan = columns.length;
      cell.className = "empty";
      cell.textContent = emptyText;
      return;
    }
    all.forEach((row, place) => {
      const line = body.rows[place];
      if (line.cells.length !== columns.length) line.replaceChildren();
      fillRow(line, row, row === total ? "sum" : isBad(row) ? "bad" : "");
    });
  }

  return { fill, show: (visible) => { table.hidden = !visible; } };
}

/** Rows that are drawn in red; it is always in words or figures too. */
function isBad(row) {
  return row.state === "missing" || row.holds === false || row.now_failed_per_sec > 0;
}

const ROW_COLUMNS = [
  { title: "Name", value: (row) => row.name, kind: "text" },
  { title: "Method", value: (row) => row.method, kind: "text" },
  { title: "Requests", value: (row) => row.succeeded + row.failed, text: count },
  { title: "Failed", value: (row) => row.failed, text: count },
  { title: "Median ms", value: (row) => row.median_ms, text: figure },
  { title: "p95 ms", value: (row) => row.p95_ms, text: figure },
  { title: "p99 ms", value: (row) => row.p99_ms, text: figure },
  { title: "Average ms", value: (row) => row.avg_ms, text: figure },
  { title: "Min ms", value: (row) => row.min_ms, text: figure },
  { title: "Max ms", value: (row) => row.max_ms, text: figure },
  { title: "Bytes", value: (row) => row.avg_bytes, text: figure },
  { title: "p95 now", value: (row) => row.now_p95_ms, text: figure },
  { title: "Per second", value: (row) => row.now_per_sec, text: figure },
  { title: "Failed/s", value: (row) => row.now_failed_per_sec, text: figure },
];

/** Groups have several methods. */
const GROUP_COLUMNS = ROW_COLUMNS.filter((column) => column.title !== "Method");

const TABLES = {
  requests: makeTable("requests", ROW_COLUMNS, "Nothing was asked yet."),
  personas: makeTable("personas", GROUP_COLUMNS, ""),
  radii: makeTable("radii", GROUP_COLUMNS, ""),
  failures: makeTable("failures", [
    { title: "Failures", value: (row) => row.count, text: count },
    { title: "Request", value: (row) => row.request, kind: "text" },
    { title: "Method", value: (row) => row.method, kind: "text" },
    { title: "Kind", value: (row) => row.kind, kind: "text" },
    { title: "Example", value: (row) => row.example, kind: "long" },
  ], "No request failed so far."),
  dropped: makeTable("dropped", [
    { title: "Iterations", value: ([, dropped]) => dropped, text: count },
    { title: "Reason", value: ([reason]) => reason.replaceAll("_", " "), kind: "text" },
  ], ""),
  workers: makeTable("workers", [
    { title: "Worker", value: (row) => row.name, kind: "text" },
    { title: "State", value: (row) => row.state, kind: "text" },
    { title: "Users", value: (row) => row.users, text: count },
    { title: "Per second", value: (row) => row.now_per_sec, text: figure },
    { title: "CPU", value: (row) => row.cpu_ratio, text: percent },
    { title: "Clock ms", value: (row) => row.clock_offset_ms, text: figure },
    { title: "Round trip ms", value: (row) => row.round_trip_ms, text: figure },
  ], "All load comes from this process."),
  limits: makeTable("limits", [
    { title: "Limit", value: (row) => row.limit, kind: "text" },
    { title: "Figure", value: (row) => row.figure, text: figure },
    { title: "Verdict", value: (row) => (row.holds === null ? "no data yet" : row.holds ? "holds" : "broken"), kind: "text" },
  ], "There are none: --threshold 'p95 < 500ms' sets one."),
};

const SKY = [
  ["Cone searches /s", "cone_searches_per_sec"],
  ["Sources /s", "sources_per_sec"],
  ["Cross-matches /s", "cross_matches_per_sec"],
  ["Matched pairs /s", "matched_pairs_per_sec"],
  ["FITS MB", "fits_megabytes"],
  ["FITS files /h", "fits_files_per_hour"],
  ["Queue wait median ms", "job_queue_wait_median_ms"],
  ["Queue wait p95 ms", "job_queue_wait_p95_ms"],
  ["Processing median ms", "fits_processing_median_ms"],
  ["Processing p95 ms", "fits_processing_p95_ms"],
];

function fillTables(now) {
  TABLES.requests.fill(now.requests, now.requests.length ? now.total : null);
  for (const name of ["personas", "radii"]) {
    TABLES[name].show(now[name].length > 0);
    TABLES[name].fill(now[name], null);
  }
  TABLES.failures.fill(now.failures, null);
  const dropped = Object.entries(now.iterations.dropped);
  TABLES.dropped.show(dropped.length > 0);
  TABLES.dropped.fill(dropped, null);
  TABLES.workers.fill(now.workers, null);
  TABLES.limits.fill(now.limits, null);
  const sky = SKY.filter(([, key]) => now.sky[key] !== null);
  terms(byId("sky"), sky.map(([name, key]) => [name, figure(now.sky[key])]));
  const own = now.generator;
  const MIB = 1048576;
  terms(byId("generator"), [
    ["CPU of the generator", percent(own.cpu_ratio)],
    ["Starts late by, p99 ms", figure(own.lag_p99_ms)],
    ["Memory MiB", own.memory_bytes === null ? "–" : figure(own.memory_bytes / MIB)],
    ["Descriptors", own.descriptors === null ? "–" : `${count(own.descriptors)} of ${count(own.descriptors_limit ?? 0)}`],
  ]);
}
