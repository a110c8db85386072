"use strict";
/* Everything around the map: what it shows, how sure it is, the months, the tables. */
(() => {
  const { data, words, state, t, term, node, shape, name, number, percent, colours } = trocha;
  const find = (id) => document.getElementById(id);
  const narrow = matchMedia("(max-width: 699px)");
  const about = data.about;
  const sum = (values) => values.reduce((total, value) => total + (value || 0), 0);
  const months = data.months;
  const officialTotal = sum(data.official.crossings);

  /* The part of the map that the panels leave free, in pixels. */
  trocha.padding = () => {
    if (narrow.matches) return { topLeft: [18, 18], bottomRight: [18, 18] };
    const panel = find("panel").getBoundingClientRect();
    const timeline = find("timeline").getBoundingClientRect();
    const below = timeline.height ? innerHeight - timeline.top : 0;
    return { topLeft: [panel.right + 14, 18], bottomRight: [28, below + 14] };
  };

  trocha.cellSide = () => t("km", { n: number(data.cellKm, 1) });

  /* ---- legends --------------------------------------------------------------------- */

  const swatch = (style, className = "") => node("i", { class: `swatch ${className}`, style });
  const key = (mark, text) => node("li", {}, mark, node("span", {}, text));
  const keys = (...items) => node("ul", { class: "keys" }, items);

  const choice = (group, options, chosen, pick) =>
    node(
      "div",
      { class: "segments", role: "group", "aria-label": t(group) },
      options.map(([value, text]) => {
        const button = node("button", { type: "button", "aria-pressed": String(value === chosen) }, text);
        button.addEventListener("click", () => pick(value));
        return button;
      }),
    );

  const corridorLegend = () => {
    const seasons = [...new Set(data.corridors.map((row) => row.season))];
    seasons.sort((a, b) => (b === "all") - (a === "all"));
    const levels = [...new Set(data.corridors.map((row) => row.level))].sort((a, b) => a - b);
    return [
      seasons.length > 1
        ? choice("season", seasons.map((season) => [season, term(season)]), state.season, (season) => trocha.change({ season }))
        : null,
      keys(...levels.map((level) => key(swatch({}, `corridor level-${level}`), t("ofMovement", { share: percent(level / 100) })))),
    ];
  };

  const ramp = (colour, breaks, least) =>
    node(
      "div",
      { class: "ramp" },
      colour.map((fill, n) =>
        node("span", { style: { background: fill } }, node("b", {}, n === 0 ? least : number(breaks[n - 1], 3))),
      ),
    );

  const countLegend = (title) => [
    node("p", { class: "note" }, title),
    ramp(colours.counts.slice(0, trocha.countBreaks.length + 1), trocha.countBreaks, number(data.k)),
  ];

  const cellLegend = () => {
    if (state.month >= 0) return countLegend(t("countsInMonth", { month: trocha.monthText(months[state.month]) }));
    const mode = choice("cellsShown", [["test", t("tested")], ["count", t("counted")]], state.cells, (cells) => trocha.change({ cells }));
    if (state.cells === "count") return [mode, ...countLegend(t("countsAll"))];
    const cold = data.cells.kind && data.cells.kind.includes("cold");
    const sure = [99, 95, 90];
    const line = (kind) =>
      key(
        node("span", { class: "trio" }, sure.map((level) => swatch({ background: colours[kind][level] }, "square"))),
        t(`${kind}Legend`),
      );
    return [mode, keys(line("hot"), cold ? line("cold") : null, key(swatch({}, "square plain"), t("noneLegend"))), node("p", { class: "note" }, t("sureness", { side: trocha.cellSide() }))];
  };

  const crossingLegend = () => {
    const most = trocha.mostCrossed;
    const steps = [data.k, most / 4, most].map((n) => Math.max(data.k, Math.round(n / data.roundTo) * data.roundTo));
    return [
      node(
        "div",
        { class: "discs" },
        [...new Set(steps)].map((n) => trocha.disc(n, n === steps[2] ? 90 : null).svg),
      ),
      node("p", { class: "note" }, t("crossingNote"), state.month < 0 ? "" : ` ${t("crossingFew", { k: number(data.k) })}`),
    ];
  };

  const densityLegend = () =>
    data.density
      ? [node("p", { class: "note" }, t("densityUnit", { unit: term(data.density.unit) })), ramp(data.density.ramp, data.density.breaks, "0")]
      : [node("p", { class: "note" }, t("nothing"))];

  const checkpointLegend = () => {
    const roles = [...new Set(data.ground.checkpoints.map((row) => row.role))];
    return [keys(...roles.map((role) => key(trocha.glyph(role, 17), term(role))))];
  };

  const riverLegend = () => {
    const line = (dash) => shape("svg", { width: 24, height: 8, "aria-hidden": "true" }, shape("path", { d: "M1 4H23", stroke: colours.river, "stroke-width": 2.2, "stroke-dasharray": dash }));
    const schematic = data.ground.rivers.some((row) => row.quality === "schematic");
    return schematic ? [keys(key(line("none"), t("mapped")), key(line("4 3"), t("schematic")))] : [];
  };

  const ROWS = [
    ["corridors", corridorLegend],
    ["cells", cellLegend],
    ["arrows", null],
    ["crossings", crossingLegend],
    ["density", densityLegend],
    ["checkpoints", checkpointLegend],
    ["rivers", riverLegend],
    ["places", null],
    ["provinces", null],
    ["relief", null],
  ];

  const layerList = () => {
    const fieldset = find("layers");
    const focused = document.activeElement && document.activeElement.id;
    const rows = ROWS.map(([layer, legend]) => {
      const shown = state.shown[layer];
      const box = node("input", { type: "checkbox", id: `show-${layer}`, checked: shown });
      box.addEventListener("change", () => {
        trocha.show(layer, box.checked);
        layerList();
      });
      const small = ["rivers", "places", "provinces", "relief"].includes(layer);
      return node(
        "div",
        { class: ["layer", small && "minor", !shown && "off"].filter(Boolean).join(" ") },
        node("label", { for: `show-${layer}` }, box, node("span", {}, t(`layer-${layer}`))),
        shown && legend ? node("div", { class: "legend" }, legend()) : null,
      );
    });
    fieldset.replaceChildren(node("legend", {}, t("layers")), ...rows);
    if (focused && focused.startsWith("show-")) find(focused).focus();
  };

  /* ---- the head --------------------------------------------------------------------- */

  const period = () => {
    const [first, last] = data.period;
    if (!first) return t("noPeriod");
    if (first === last) return trocha.monthText(first);
    return `${trocha.monthText(first, "short")} – ${trocha.monthText(last, "short")}`;
  };

  const head = () => {
    document.documentElement.lang = state.language;
    const ribbons = data.marks.map((mark) => (mark.startsWith("SIMULATED") ? "simulated" : "internal"));
    find("ribbons").replaceChildren(
      ...ribbons.map((kind) =>
        node("p", { class: `ribbon ${kind}` }, node("strong", {}, t(`${kind}Mark`)), " ", t(`${kind}Note`)),
      ),
    );
    find("title").replaceChildren(name(data.region));
    find("subtitle").replaceChildren(node("span", { class: "wide" }, `${t("subtitle")} · `), period());
    find("lead").textContent = about.tracks ? t("lead") : t("leadEmpty");
    const facts = [
      [number(about.tracks), t("factTracks")],
      officialTotal ? [shareText(), t("factShare")] : null,
      [`≥ ${number(data.k)}`, t("factK")],
    ].filter(Boolean);
    find("facts").replaceChildren(...facts.map(([value, text]) => node("div", {}, node("dt", {}, text), node("dd", {}, value))));
    document.title = [data.region, ...data.marks].join(" · ");
  };

  const shareText = () => {
    const share = about.tracks / officialTotal;
    return percent(share, share < 0.01 ? 2 : 1);
  };

  const translateStatic = () => {
    for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
    for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
    for (const button of document.querySelectorAll("[data-language]"))
      button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
    find("place").placeholder = t("search");
    find("map").setAttribute("aria-label", t("mapLabel", { region: data.region }));
    for (const [part, text] of [["in", "zoomIn"], ["out", "zoomOut"]]) {
      const button = document.querySelector(`.leaflet-control-zoom-${part}`);
      if (!button) continue;
      button.title = t(text);
      button.setAttribute("aria-label", t(text));
    }
    const ground = Object.entries(data.credits).filter(([layer]) => !["crossings", "nationalities"].includes(layer));
    const credits = [...new Set(ground.map(([, credit]) => credit).filter(Boolean))];
    find("credits").textContent = credits.length ? ` · ${credits.join(" · ")}` : "";
  };

  /* ---- how sure it is ----------------------------------------------------------------- */

  const caveats = () => {
    const row = (title, ...text) => [node("dt", {}, title), node("dd", {}, ...text)];
    const rejected = Object.entries(about.rejected).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const withheld = Object.entries(data.withheld).filter(([, n]) => n > 0);
    const schematic = data.ground.rivers.filter((river) => river.quality === "schematic");
    const list = (pairs, say) => node("ul", {}, pairs.map(([text, n]) => node("li", {}, node("b", {}, number(n)), " ", say(text))));
    const setting = (value) => {
      if (value === null) return "–";
      if (Array.isArray(value)) return value.map(setting).join(", ");
      if (typeof value === "object") return Object.values(value).map(setting).join(" ");
      return typeof value === "number" ? number(value, 4) : String(value);
    };
    const parameters = Object.entries(about.parameters).map(([key_, value]) => node("li", {}, node("code", {}, name(key_)), " ", name(setting(value))));
    const out = [
      row(t("sureSample"), t("sureSampleText", { tracks: number(about.tracks), files: number(about.files), period: period() }), officialTotal ? ` ${t("sureOfficial", { official: number(officialTotal), share: shareText() })}` : ""),
      row(t("sureFixes"), t("sureFixesText", { read: number(about.read), kept: number(about.kept), share: percent(about.read ? about.kept / about.read : 0, 1) }), rejected.length ? list(rejected, term) : ""),
      row(t("sureSilence"), t("sureSilenceText", { share: percent(about.bridged) })),
      row(t("sureK"), t("sureKText", { k: number(data.k), round: number(data.roundTo) }), withheld.length ? list(withheld, (layer) => t(`withheld-${layer}`)) : ""),
      row(t("sureCorridor"), t("sureCorridorText")),
      row(t("sureHotspot"), t("sureHotspotText")),
      row(t("sureGround"), data.ground.relief ? `${t("sureReliefText")} ` : "", t("sureRiverText"), schematic.length ? ` ${t("sureSchematicText", { names: schematic.map((river) => river.name || t("river")).join(", "), metres: number(Math.max(...schematic.map((river) => river.precision || 0))) })}` : ""),
      row(t("sources"), node("ul", {}, Object.entries(data.credits).filter(([, credit]) => credit).map(([layer, credit]) => node("li", {}, `${t(`source-${layer}`)}: `, name(credit))))),
      row(t("sureParameters"), node("ul", { class: "parameters" }, parameters), node("p", {}, node("code", {}, name(data.crs)))),
    ];
    find("caveats").replaceChildren(node("dl", {}, out.flat()));
  };

  /* ---- popups ---------------------------------------------------------------------------- */

  const facts = (pairs) =>
    node("dl", { class: "rows" }, pairs.filter(Boolean).flatMap(([title, value]) => [node("dt", {}, title), node("dd", {}, value)]));

  const heading = (title, kicker, colour) =>
    node("header", {}, kicker ? node("p", { class: "kicker", style: { color: colour } }, kicker) : null, node("h3", {}, title));

  const needle = (bearing) =>
    shape("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", class: "needle", "aria-hidden": "true" }, shape("path", { d: "M0 -6.5 4 6 0 3.4-4 6Z", transform: `rotate(${bearing})` }));

  const way = (bearing, oneWay) =>
    bearing === null || bearing === undefined
      ? null
      : [t("way"), node("span", {}, needle(bearing), " ", trocha.compass(bearing), oneWay === null ? "" : ` · ${t("oneWay", { share: percent(oneWay / 100) })}`)];

  /* Small bars, one a month; an open ring stands for "withheld, or none". */
  const monthBars = (values, colour) => {
    if (!values.some((value) => value !== null && value !== undefined)) return null;
    const width = 240;
    const height = 44;
    const step = width / values.length;
    const top = Math.max(...values.map((value) => value || 0));
    const bars = values.map((value, n) =>
      value
        ? shape("rect", { x: n * step + 0.5, y: height - 10 - (value / top) * (height - 20), width: Math.max(1, step - 1.5), height: (value / top) * (height - 20), fill: colour, opacity: state.month < 0 || state.month === n ? 1 : 0.35, rx: 0.8 })
        : shape("circle", { cx: n * step + step / 2, cy: height - 12, r: 1.2, fill: "none", stroke: "#b3a894" }),
    );
    const label = (x, anchor, text) => {
      const element = shape("text", { x, y: height, "text-anchor": anchor });
      element.textContent = text;
      return element;
    };
    const peak = values.indexOf(top);
    const peakText = label(Math.min(width - 12, Math.max(12, (peak + 0.5) * step)), "middle", number(top));
    peakText.setAttribute("y", 8);
    return node(
      "figure",
      {},
      shape("svg", { viewBox: `0 0 ${width} ${height}`, class: "bars", role: "img", "aria-label": t("barsLabel", { most: number(top), month: trocha.monthText(months[peak]) }) },
        ...bars, peakText, label(0, "start", trocha.monthText(months[0], "short")), label(width, "end", trocha.monthText(months[months.length - 1], "short"))),
    );
  };

  const card = (...parts) => node("article", { class: "about" }, parts);
  const meaning = (text) => node("p", { class: "meaning" }, text);
  const cells = data.cells;

  trocha.about = {
    cell: (n) => {
      const kind = cells.kind[n];
      const sure = cells.confidence[n];
      const title = t(`${kind}Title`);
      const byMonth = months.map((month) => {
        const [which, tracks] = cells.months[month] || [[], []];
        const i = which.indexOf(n);
        return i < 0 ? null : tracks[i];
      });
      const colour = colours[kind] ? colours[kind][sure] : colours.ink;
      return card(
        heading(title, sure ? t("confidence", { share: percent(sure / 100) }) : t("notSignificant"), sure === 90 ? "#8a5200" : colour),
        facts([
          [t("tracks"), number(cells.tracks[n])],
          cells.stop[n] === null ? null : [t("stopTracks"), number(cells.stop[n])],
          cells.hours[n] === null ? null : [t("hours"), cells.hours[n] ? t("hoursValue", { n: number(cells.hours[n], 1) }) : t("halfHour")],
          cells.stopHours[n] === null ? null : [t("stopHours"), t("hoursValue", { n: number(cells.stopHours[n], 1) })],
          way(cells.bearing[n], cells.oneWay[n]),
          cells.density[n] === null ? null : [t("density"), t("perKm2", { n: number(cells.density[n], 1) })],
          [t("test"), `z ${number(cells.z[n], 1)} · q ${cells.q[n] !== null && cells.q[n] < 0.001 ? `< ${number(0.001, 3)}` : number(cells.q[n], 3)}`],
        ]),
        monthBars(byMonth, colours.counts[3]),
        meaning(t(`${kind}Meaning`)),
      );
    },
    corridor: (row) =>
      card(
        heading(t("corridorTitle", { share: percent(row.level / 100) }), row.season === "all" ? null : t("seasonOf", { season: term(row.season) }), colours.teal),
        facts([
          [t("tracks"), number(row.tracks)],
          [t("area"), t("km2", { n: number(row.area) })],
          way(row.bearing, row.oneWay),
          row.bridged === null ? null : [t("bridged"), percent(row.bridged / 100)],
        ]),
        meaning(t("corridorMeaning", { share: percent(row.level / 100) })),
      ),
    crossing: (unsorted) => {
      const rows = [...unsorted].sort((a, b) => b.tracks - a.tracks);
      const [first] = rows;
      return card(
        heading(name(trocha.crossingName(first)), t(first.kind), colours.plum),
        rows.map((row) =>
          node(
            "section",
            {},
            node("p", { class: "count" }, row.heading === null ? null : needle(row.heading), node("span", {}, trocha.direction(row.direction)), node("b", {}, number(row.tracks)), node("small", {}, interval(row))),
            monthBars(row.months, colours.plum),
          ),
        ),
        meaning([t("crossingMeaning"), precision(first), first.quality === "schematic" ? t("schematicMeaning") : ""].filter(Boolean).join(" ")),
      );
    },
    checkpoint: (row, counts) => {
      const since = row.since ? trocha.monthText(row.since) : "";
      const until = row.until ? trocha.monthText(row.until) : "";
      return card(
        heading(name(row.name), term(row.role), colours.ink),
        facts([
          row.country ? [t("country"), trocha.country(row.country)] : null,
          since || until ? [t("open"), since && until ? `${since} – ${until}` : since ? t("since", { month: since }) : t("until", { month: until })] : null,
          row.precision_m === null ? null : [t("position"), `± ${number(row.precision_m)} m`],
          ...counts.map((count) => [trocha.direction(count.direction), node("span", {}, node("b", {}, number(count.tracks)), " ", node("small", {}, interval(count)))]),
        ]),
        counts.map((count) => monthBars(count.months, colours.teal)),
        meaning(counts.length ? t("checkpointMeaning") : t("checkpointFew", { k: number(data.k) })),
      );
    },
  };
  const interval = (row) => (row.low === null ? "" : t("interval", { low: number(row.low), high: number(row.high) }));
  const precision = (row) => (row.precision === null ? "" : t("precisionOf", { metres: number(row.precision) }));

  /* ---- the months ----------------------------------------------------------------------- */

  const chart = () => {
    const small = narrow.matches;
    const holder = find("chart");
    const width = holder.clientWidth;
    if (!width || !months.length) return holder.replaceChildren();
    const slots = months.length + 1;
    const step = width / slots;
    const panels = [
      { title: data.monthly.includes(null) ? `${t("chartSample")} (${t("chartFew", { k: number(data.k) })})` : t("chartSample"), values: data.monthly, colour: colours.teal },
      { title: t("chartOfficial"), values: data.official.crossings, colour: colours.official },
    ]
      .filter((panel) => panel.values.some((value) => value !== null))
      .slice(0, small ? 1 : 2);
    const each = small ? 36 : 46;
    const height = panels.length * each + 15;
    const svg = shape("svg", { width, height, role: "img", "aria-label": t("chartLabel") });
    const text = (x, y, content, attributes = {}) => {
      const element = shape("text", { x, y, ...attributes });
      element.textContent = content;
      svg.append(element);
    };
    panels.forEach(({ title, values, colour }, row) => {
      const floor = (row + 1) * each;
      const top = Math.max(...values.map((value) => value || 0));
      const reach = each - (small ? 12 : 17);
      if (!small) text(0, floor - each + 11, title, { class: "title" });
      svg.append(shape("path", { d: `M${step} ${floor + 0.5}H${width}`, class: "floor" }));
      values.forEach((value, n) => {
        const x = (n + 1) * step;
        const dim = state.month >= 0 && state.month !== n;
        if (value) {
          const h = Math.max(1.5, (value / top) * reach);
          svg.append(shape("rect", { x: x + step * 0.14, y: floor - h, width: step * 0.72, height: h, rx: 1.5, fill: colour, opacity: dim ? 0.38 : 1 }));
          if (state.month === n || (state.month < 0 && value === top && values.indexOf(top) === n))
            text(x + step / 2, floor - h - 3, number(value), { class: "value", "text-anchor": "middle" });
        } else svg.append(shape("circle", { cx: x + step / 2, cy: floor - 4, r: 2, class: "withheld" }));
      });
    });
    const every = step < 24 ? 6 : step < 46 ? 3 : 1;
    months.forEach((month, n) => {
      const [year, part] = month.split("-").map(Number);
      if (part === 1 && n) svg.append(shape("path", { d: `M${(n + 1) * step} 6V${height}`, class: "year" }));
      if ((part - 1) % every) return;
      const label = new Intl.DateTimeFormat(trocha.locale(), part === 1 ? { year: "numeric", timeZone: "UTC" } : { month: "short", timeZone: "UTC" });
      text((n + 1.5) * step, height - 2, label.format(Date.UTC(year, part - 1, 15)), { class: part === 1 ? "axis strong" : "axis", "text-anchor": "middle" });
    });
    holder.replaceChildren(svg);
    holder.onclick = (event) => {
      const slot = Math.floor((event.clientX - holder.getBoundingClientRect().left) / step) - 1;
      trocha.change({ month: slot === state.month ? -1 : Math.max(-1, slot) });
    };
  };

  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
  };
  const play = () => {
    if (timer) stop();
    else {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const forward = () => {
        trocha.change({ month: state.month + 1 >= months.length ? -1 : state.month + 1 });
        if (state.month < 0) stop();
        monthHead();
      };
      forward();
      if (!calm) timer = setInterval(forward, 1100);
    }
    monthHead();
  };

  const monthHead = () => {
    const month = months[state.month];
    find("month").textContent = month ? trocha.monthText(month) : t("wholePeriod");
    find("all-months").hidden = state.month < 0;
    const slider = find("slider");
    slider.max = String(months.length);
    slider.value = String(state.month + 1);
    slider.setAttribute("aria-valuetext", find("month").textContent);
    const button = find("play");
    button.setAttribute("aria-pressed", String(Boolean(timer)));
    button.setAttribute("aria-label", timer ? t("pause") : t("play"));
    button.title = timer ? t("pause") : t("play");
    const path = timer ? "M5 4h3.4v12H5zM11.6 4H15v12h-3.4z" : "M6 3.8 16 10 6 16.2z";
    button.replaceChildren(shape("svg", { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" }, shape("path", { d: path })));
  };

  /* ---- the tables ------------------------------------------------------------------------- */

  const table = (caption, columns, rows) =>
    node(
      "details",
      { open: true },
      node("summary", {}, `${caption} (${number(rows.length)})`),
      node(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
        node(
          "table",
          {},
          node("thead", {}, node("tr", {}, columns.map((column) => node("th", { scope: "col" }, column)))),
          node("tbody", {}, rows.map((row) => node("tr", {}, row.map((value, n) => node(n ? "td" : "th", n ? {} : { scope: "row" }, value === null || value === undefined ? "–" : value))))),
        ),
      ),
    );

  const tables = () => {
    const crossings = data.crossings.map((row) => [name(trocha.crossingName(row)), t(row.kind), trocha.direction(row.direction), number(row.tracks), `${number(row.low)} – ${number(row.high)}`, t(row.quality), row.precision === null ? "–" : `± ${number(row.precision)} m`]);
    const byMonth = months.map((month, n) => [trocha.monthText(month), data.monthly[n] === null ? t("withheld") : number(data.monthly[n]), number(data.official.crossings[n]), data.official.basis[n] || "–"]);
    const squares = (cells.tracks || []).map((tracks, n) => [number(trocha.centres[n][0], 2), number(trocha.centres[n][1], 2), number(tracks), t(`${cells.kind[n]}Title`), cells.confidence[n] ? percent(cells.confidence[n] / 100) : "–", number(cells.z[n], 1), number(cells.q[n], 4), cells.bearing[n] === null ? "–" : trocha.compass(cells.bearing[n]), cells.oneWay[n] === null ? "–" : percent(cells.oneWay[n] / 100), number(cells.hours[n], 1)]);
    const nationalities = data.nationalities.map((row) => [name(term(row.nationality)), String(row.year), number(row.persons)]);
    find("tables-body").replaceChildren(
      table(t("layer-crossings"), [t("place"), t("kind"), t("direction"), t("tracks"), t("interval95"), t("quality"), t("position")], crossings),
      table(t("chartLabel"), [t("month"), t("chartSample"), t("chartOfficial"), t("source")], byMonth),
      ...(nationalities.length ? [table(t("nationalities"), [t("nationality"), t("year"), t("persons")], nationalities)] : []),
      table(t("layer-cells"), [t("latitude"), t("longitude"), t("tracks"), t("kind"), t("sureColumn"), "z", "q", t("way"), t("oneWayColumn"), t("hours")], squares),
    );
  };

  /* ---- searching ---------------------------------------------------------------------------- */

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const searchable = [
    ...data.ground.checkpoints,
    ...data.ground.places.filter((place) => !data.ground.checkpoints.some((row) => row.name === place.name)),
  ];
  const search = () => {
    const wanted = plain(find("place").value);
    const hit = wanted && (searchable.find((row) => plain(row.name) === wanted) || searchable.find((row) => plain(row.name).startsWith(wanted)));
    if (hit) trocha.fly(trocha.at(hit.at), 11);
  };

  /* ---- putting it together -------------------------------------------------------------------- */

  const fold = (open, map) => {
    find("handle").setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("open", open);
    map.invalidateSize();
  };

  trocha.panel = (map) => {
    find("places").replaceChildren(...searchable.map((row) => node("option", { value: row.name })));
    find("sure").open = !narrow.matches;
    fold(!narrow.matches, map);
    const all = () => {
      translateStatic();
      head();
      layerList();
      caveats();
      monthHead();
      chart();
      if (find("tables").open) tables();
    };
    trocha.on((changes) => ("language" in changes ? all() : (layerList(), monthHead(), chart())));
    find("handle").addEventListener("click", () => fold(!document.body.classList.contains("open"), map));
    for (const button of document.querySelectorAll("[data-language]"))
      button.addEventListener("click", () => trocha.change({ language: button.dataset.language }));
    find("slider").addEventListener("input", (event) => {
      stop();
      trocha.change({ month: Number(event.target.value) - 1 });
    });
    find("play").addEventListener("click", play);
    find("all-months").addEventListener("click", () => {
      stop();
      trocha.change({ month: -1 });
    });
    find("search").addEventListener("submit", (event) => {
      event.preventDefault();
      search();
    });
    find("place").addEventListener("change", search);
    find("open-tables").addEventListener("click", () => {
      tables();
      find("tables").showModal();
    });
    find("close-tables").addEventListener("click", () => find("tables").close());
    find("print").addEventListener("click", () => print());
    const settle = () => {
      chart();
      const { bottomRight } = trocha.padding();
      document.body.style.setProperty("--below", `${narrow.matches ? 0 : bottomRight[1] - 6}px`);
    };
    narrow.addEventListener("change", () => fold(!narrow.matches, map));
    addEventListener("resize", settle);
    find("timeline").style.setProperty("--slots", String(months.length + 1));
    find("timeline").hidden = !months.length;
    all();
    settle();
    map.invalidateSize();
  };
})();
