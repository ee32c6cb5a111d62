"use strict";

const byId = (id) => document.getElementById(id);

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A figure with about three significant digits, as in the other reports. */
function figure(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return GROUPED.format(value);
  if (size === 0) return "0";
  if (size < 0.001) return value.toExponential(1);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  return value.toFixed(digits);
}

const count = (value) => GROUPED.format(value);

const percent = (ratio) => (ratio === null || ratio === undefined ? "–" : `${Math.round(ratio * 100)} %`);

function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (value) => String(value).padStart(2, "0");
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)}:${rest}`;
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Writes a text only where it differs, so that a selection in the page stays. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Fills a list of terms: [name, text, class]. */
function terms(list, rows) {
  while (list.children.length > rows.length) list.lastChild.remove();
  rows.forEach(([name, text, mark], place) => {
    let group = list.children[place];
    if (!group) {
      group = list.appendChild(document.createElement("div"));
      group.append(document.createElement("dt"), document.createElement("dd"));
    }
    say(group.children[0], name);
    say(group.children[1], text);
    group.children[1].className = mark || "";
  });
}
