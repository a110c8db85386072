"use strict";
/* The page's ground floor: the data, the words, and small helpers.
   Texts reach the page by textContent alone; nothing here writes HTML. */
const trocha = {};

(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = read("data");
  const words = read("words");

  /* What the reader has chosen. `month` is an index into data.months, or -1. */
  const state = {
    language: (navigator.language || "en").toLowerCase().startsWith("es") ? "es" : "en",
    month: -1,
    season: "all",
    cells: "test",
    shown: {},
  };

  /* Functions to call when a choice changes; each is given what changed. */
  const listeners = [];
  const on = (listener) => listeners.push(listener);
  const change = (changes) => {
    Object.assign(state, changes);
    for (const listener of listeners) listener(changes);
  };

  /* The reader's own variety of the language, if the browser names one. */
  const locale = () =>
    (navigator.languages || []).find((tag) => tag.startsWith(state.language)) || state.language;

  /* The text for a key in the reader's language; {name} is filled from `values`. */
  const t = (key, values = {}) => {
    const text = words[state.language].texts[key];
    if (text === undefined) return key;
    return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
  };

  /* A term of the data (a role, a reason, a season, a country) in that language. */
  const term = (text) => {
    const terms = words[state.language].terms;
    return Object.hasOwn(terms, text) ? terms[text] : text;
  };

  /* A country by its two-letter code, as the browser names it, or by its name. */
  const country = (text) => {
    if (!/^[A-Z]{2}$/.test(text)) return term(text);
    return new Intl.DisplayNames([locale()], { type: "region", fallback: "code" }).of(text);
  };

  const direction = (text) => {
    const side = /(?:to|into) (?:the )?(north|east|south|west) (bank|side)$/.exec(text);
    if (side) return t(`to-${side[2]}`, { point: term(side[1]) });
    const into = /^into (.+)$/.exec(text);
    if (into) return t("into", { place: country(into[1]) });
    return term(text);
  };

  /* Names of crossings are made by the program: "border near X", "border 3". */
  const crossingName = (row) => {
    const near = /^border near (.+?)(?: (\d+))?$/i.exec(row.name);
    if (near) return t("borderNear", { place: near[1] }) + (near[2] ? ` (${near[2]})` : "");
    if (/^border \(all reaches\)/i.test(row.name)) return t("borderWhole");
    const piece = /^border (.+)$/i.exec(row.name);
    if (piece) return t("borderPiece", { piece: piece[1] });
    const reach = row.kind === "river" && /^(.+) near (.+?)(?: (\d+))?$/.exec(row.name);
    if (reach)
      return (
        t("riverNear", { river: reach[1], place: reach[2] }) + (reach[3] ? ` (${reach[3]})` : "")
      );
    if (row.kind === "whole river") return t("riverWhole", { river: row.name });
    return row.name || t(row.kind);
  };

  /* What is drawn on lines: reaches, and whole lines of which no reach may be told. */
  const told = new Set(data.crossings.map((row) => row.partOf));
  const drawnCrossings = data.crossings.filter(
    (row) => row.kind !== "checkpoint" && !told.has(row.target),
  );

  const number = (value, digits = 0) =>
    value === null || value === undefined
      ? "–"
      : new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);

  const percent = (share, digits = 0) =>
    new Intl.NumberFormat(locale(), {
      style: "percent",
      maximumFractionDigits: digits,
    }).format(share);

  const monthText = (month, style = "long") => {
    const [year, number_] = month.split("-").map(Number);
    const options = { month: style, year: "numeric", timeZone: "UTC" };
    return new Intl.DateTimeFormat(locale(), options).format(Date.UTC(year, number_ - 1, 15));
  };

  /* The eight points of the compass, in the reader's language. */
  const compass = (degrees) => {
    const points = t("compass").split(" ");
    return points[Math.round(degrees / 45) % 8];
  };

  /* An element with attributes and children; strings become text, never markup. */
  const node = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === false || value === undefined) continue;
      if (name === "style") Object.assign(element.style, value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null));
    return element;
  };

  /* A drawing; `L.SVG.create` knows the namespace. */
  const shape = (tag, attributes = {}, ...children) => {
    const element = L.SVG.create(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  /* A text from the data, kept from disturbing the direction of its neighbours. */
  const name = (text) => node("bdi", {}, String(text));

  /* Whole-number steps back into [lat, lon] pairs. */
  const unpack = (steps) => {
    const points = [];
    let lon = 0;
    let lat = 0;
    for (let i = 0; i < steps.length; i += 2) {
      lon += steps[i];
      lat += steps[i + 1];
      points.push([lat / data.perDegree, lon / data.perDegree]);
    }
    return points;
  };
  const at = ([lon, lat]) => [lat / data.perDegree, lon / data.perDegree];

  const colours = {
    teal: "#11627a",
    ink: "#2b2a33",
    plum: "#7a2e6e",
    olive: "#4f6228",
    route: "#0a3d4f",
    official: "#a2937c",
    sea: "#cbd8df",
    coast: "#8ea5b1",
    river: "#86a5b6",
    hot: { 99: "#a3123f", 95: "#dd5a2c", 90: "#f4a73c" },
    cold: { 99: "#1d4a96", 95: "#4a7cc4", 90: "#9bbbe2" },
    change: {
      "intensifying hot": "#7d0f2e",
      "persistent hot": "#c2263c",
      "diminishing hot": "#e58a72",
      "consecutive hot": "#ee8a1d",
      "new hot": "#f7cf3c",
      "sporadic hot": "#f6c3ad",
      "oscillating hot": "#d06a9f",
      "historical hot": "#a08670",
      "intensifying cold": "#14306e",
      "persistent cold": "#2f66b3",
      "diminishing cold": "#8aa8da",
      "consecutive cold": "#2e9bb5",
      "new cold": "#7fdcd8",
      "sporadic cold": "#c3d4ee",
      "oscillating cold": "#8f7cc4",
      "historical cold": "#7d8b99",
    },
    counts: ["#fbe0a6", "#f5bb61", "#e68a38", "#c65a29", "#8f331f", "#571c19"],
  };

  /* Limits 1-2-5 of classes of counts, from k up. */
  const countBreaks = (() => {
    const top = Math.max(0, ...(data.cells.tracks || []));
    const ladder = [1, 10, 100, 1000, 10000].flatMap((n) => [n, 2 * n, 5 * n]);
    const breaks = ladder.filter((step) => step > data.k && step < top);
    return breaks.slice(0, colours.counts.length - 1);
  })();
  const countColour = (tracks) => {
    const level = countBreaks.filter((step) => tracks >= step).length;
    return colours.counts[level];
  };

  /* Filled by the scripts that follow. */
  const stage = { map: null, drawing: null, layers: {} };
  const makers = {};

  const find = (id) => document.getElementById(id);
  const narrow = matchMedia("(max-width: 699px)");
  const { months } = data;

  Object.assign(trocha, {
    stage,
    makers,
    find,
    narrow,
    months,
    data,
    words,
    state,
    locale,
    on,
    change,
    t,
    term,
    country,
    direction,
    crossingName,
    drawnCrossings,
    number,
    percent,
    monthText,
    compass,
    node,
    shape,
    name,
    unpack,
    at,
    colours,
    countBreaks,
    countColour,
  });
})();
