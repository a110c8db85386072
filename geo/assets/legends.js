"use strict";
/* The list of layers, each with its legend. */
(() => {
  const {
    data,
    state,
    t,
    term,
    number,
    percent,
    monthText,
    node,
    shape,
    colours,
    countBreaks,
    glyph,
    disc,
    striped,
    isStable,
    mostCrossed,
    anyPoints,
    anyRoutes,
    routeWidth,
    isBridged,
    badge,
    find,
    months,
  } = trocha;

  const swatch = (style, className = "") => node("i", { class: `swatch ${className}`, style });
  const key = (mark, text) => node("li", {}, mark, node("span", {}, text));
  const keys = (...items) => node("ul", { class: "keys" }, items);

  const choice = (group, options, chosen, pick) =>
    node(
      "div",
      { class: "segments", role: "group", "aria-label": t(group) },
      options.map(([value, text]) => {
        const button = node(
          "button",
          { type: "button", "aria-pressed": String(value === chosen) },
          text,
        );
        button.addEventListener("click", () => pick(value));
        return button;
      }),
    );

  const notByMonth = () =>
    state.month < 0 ? null : node("p", { class: "note" }, t("notByMonth"));

  const corridorLegend = () => {
    const seasons = [...new Set(data.corridors.map((row) => row.season))];
    seasons.sort((a, b) => (b === "all") - (a === "all"));
    const levels = [...new Set(data.corridors.map((row) => row.level))].sort((a, b) => a - b);
    return [
      seasons.length > 1
        ? choice(
            "season",
            seasons.map((season) => [season, term(season)]),
            state.season,
            (season) => trocha.change({ season }),
          )
        : null,
      keys(
        ...levels.map((level) =>
          key(
            swatch({}, `corridor level-${level}`),
            t("ofMovement", { share: percent(level / 100) }),
          ),
        ),
      ),
      trocha.trial.warning()
        ? node("p", { class: "note warning" }, trocha.trial.warning())
        : null,
      notByMonth(),
    ];
  };

  const ramp = (colour, breaks, least) =>
    node(
      "div",
      { class: "ramp" },
      colour.map((fill, n) =>
        node(
          "span",
          { style: { background: fill } },
          node("b", {}, n === 0 ? least : number(breaks[n - 1], 3)),
        ),
      ),
    );

  const countLegend = (title) => [
    node("p", { class: "note" }, title),
    ramp(colours.counts.slice(0, countBreaks.length + 1), countBreaks, number(data.k)),
  ];

  /* The classes that there are; all seventeen would fill the panel. */
  const changeLegend = () => {
    const there = Object.keys(colours.change).filter((kind) =>
      data.cells.change.kind.includes(kind),
    );
    return [
      keys(
        ...there.map((kind) =>
          key(swatch({ background: colours.change[kind] }, "square"), term(kind)),
        ),
        key(swatch({}, "square plain"), term("none")),
      ),
      node("p", { class: "note" }, t("changeNote", { k: number(data.k) })),
    ];
  };

  const cellLegend = () => {
    if (state.month >= 0)
      return countLegend(t("countsInMonth", { month: monthText(months[state.month]) }));
    const mode = choice(
      "cellsShown",
      [
        ["test", t("tested")],
        ["count", t("counted")],
        ...(data.cells.change ? [["change", t("change")]] : []),
      ],
      state.cells,
      (cells) => trocha.change({ cells }),
    );
    if (state.cells === "count") return [mode, ...countLegend(t("countsAll"))];
    if (state.cells === "change") return [mode, ...changeLegend()];
    const cold = data.cells.kind && data.cells.kind.includes("cold");
    const unstable = (data.cells.kind || []).some((kind, n) => colours[kind] && !isStable(n));
    const sure = [99, 95, 90];
    const line = (kind) =>
      key(
        node(
          "span",
          { class: "trio" },
          sure.map((level) => swatch({ background: colours[kind][level] }, "square")),
        ),
        t(`${kind}Legend`),
      );
    return [
      mode,
      keys(
        line("hot"),
        cold ? line("cold") : null,
        unstable
          ? key(
              swatch({ background: striped(colours.hot[95]) }, "square"),
              t("hatchedLegend"),
            )
          : null,
        key(swatch({}, "square plain"), t("noneLegend")),
      ),
      node(
        "p",
        { class: "note" },
        t("sureness", { side: t("km", { n: number(data.cellKm, 1) }) }),
      ),
    ];
  };

  const crossingLegend = () => {
    const most = mostCrossed;
    const steps = [data.k, most / 4, most].map((n) =>
      Math.max(data.k, Math.round(n / data.roundTo) * data.roundTo),
    );
    return [
      node(
        "div",
        { class: "discs" },
        [...new Set(steps)].map((n) => disc(n, n === steps[2] ? 90 : null).svg),
      ),
      node(
        "p",
        { class: "note" },
        t("crossingNote"),
        state.month < 0 ? "" : ` ${t("crossingFew", { k: number(data.k) })}`,
      ),
    ];
  };

  const pointLegend = () => [
    keys(
      key(swatch({ background: colours.olive }, "round"), t("pointsCircle")),
      data.points.kind && data.points.kind.includes("hot")
        ? key(swatch({ borderColor: colours.hot[95] }, "round ring"), t("pointsRing"))
        : null,
      data.recorded.length ? key(badge(data.k), t("pointsBadge")) : null,
      data.risk.length
        ? key(swatch({ borderColor: colours.olive }, "round ring"), t("riskKey"))
        : null,
    ),
    node("p", { class: "note" }, t("pointsNote")),
  ];

  const routeLegend = () => {
    const most = Math.max(...data.network.edges.map((row) => row.tracks));
    const steps = [...new Set([data.k, Math.round(most / 4 / data.roundTo) * data.roundTo, most])];
    const line = (tracks, dash = "none") =>
      shape(
        "svg",
        { width: 30, height: 10, "aria-hidden": "true" },
        shape("path", {
          d: "M1 5H29",
          stroke: colours.route,
          "stroke-dasharray": dash,
          "stroke-width": routeWidth(tracks),
        }),
      );
    return [
      keys(
        ...steps
          .filter((tracks) => tracks >= data.k)
          .map((tracks) => key(line(tracks), t("routeTracks", { n: number(tracks) }))),
        data.network.edges.some(isBridged) ? key(line(most / 4, "6 4"), t("routeDashed")) : null,
        data.network.edges.some((row) => row.band.length)
          ? key(swatch({ background: colours.route, opacity: 0.25 }), t("routeBand"))
          : null,
      ),
      node("p", { class: "note" }, t("routeNote")),
    ];
  };

  const densityLegend = () =>
    data.density
      ? [
          node("p", { class: "note" }, t("densityUnit", { unit: term(data.density.unit) })),
          ramp(data.density.ramp, data.density.breaks, "0"),
          notByMonth(),
        ]
      : [node("p", { class: "note" }, t("nothing"))];

  const checkpointLegend = () => {
    const roles = [...new Set(data.ground.checkpoints.map((row) => row.role))];
    return [keys(...roles.map((role) => key(glyph(role, 17), term(role))))];
  };

  const riverLegend = () => {
    const line = (dash) =>
      shape(
        "svg",
        { width: 24, height: 8, "aria-hidden": "true" },
        shape("path", {
          d: "M1 4H23",
          stroke: colours.river,
          "stroke-width": 2.2,
          "stroke-dasharray": dash,
        }),
      );
    const schematic = data.ground.rivers.some((row) => row.quality === "schematic");
    return schematic
      ? [keys(key(line("none"), t("mapped")), key(line("4 3"), t("schematic")))]
      : [];
  };

  const hatched = (colour, gap) =>
    swatch(
      {
        background: `repeating-linear-gradient(135deg, ${colour} 0 1.5px, transparent 1.5px ${gap}px)`,
        borderColor: colour,
      },
      "hatched",
    );

  const wayLegend = () => {
    const { areas, shade } = trocha.models;
    return [
      keys(
        ...areas.map((row, n) =>
          key(
            hatched(shade(n + 1, areas.length + 1), n ? 3.5 : 5),
            t("slowerLegend", { n: number(row.level) }),
          ),
        ),
      ),
      node("p", { class: "note" }, trocha.models.honest()),
    ];
  };

  const betweenLegend = () => {
    const { between, violet, honest } = trocha.models;
    return [
      keys(
        ...between.map((row, n) =>
          key(
            hatched(violet(n, between.length), 4),
            t("betweenLegend", { share: percent(row.share / 100) }),
          ),
        ),
      ),
      node(
        "p",
        { class: "note" },
        `${t("betweenNote", { n: number(between[0].places) })} ${honest()}`,
      ),
    ];
  };

  const bandLegend = () => {
    const { helps, bandsShown, shade, honest } = trocha.models;
    const rows = bandsShown();
    return [
      helps.length > 1
        ? choice(
            "bandTo",
            helps.map((help) => [help, term(help)]),
            state.help || helps[0],
            (help) => trocha.change({ help }),
          )
        : null,
      keys(
        ...rows.map((row, n) =>
          key(
            hatched(shade(n, rows.length), 4),
            t("bandTitle", { from: number(row.from, 1), to: number(row.to, 1) }),
          ),
        ),
      ),
      node("p", { class: "note" }, `${t("bandNote")} ${honest()}`),
    ];
  };

  const fusedLegend = () => {
    const { levels, modelledShare, shade, honest } = trocha.models;
    const rest = t("fusedRest", { share: percent(modelledShare, 1) });
    return [
      keys(
        ...levels.map((level, n) =>
          key(
            node(
              "span",
              { class: "trio" },
              swatch({}, `corridor level-${level}`),
              hatched(shade(n + 1, levels.length + 1), 5 - 0.7 * n),
            ),
            t("fusedLegend", { share: percent(level / 100) }),
          ),
        ),
      ),
      node("p", { class: "note" }, [t("fusedNote"), rest, honest()].join(" ")),
    ];
  };

  const MODELS = [
    ...(data.models.fused.length ? [["fused", fusedLegend]] : []),
    ...(data.models.ways.length ? [["modelled", wayLegend]] : []),
    ...(data.models.between.length ? [["thoroughfares", betweenLegend]] : []),
    ...(data.models.bands.length ? [["isochrones", bandLegend]] : []),
  ];

  const ROWS = [
    ["corridors", corridorLegend],
    ...(anyRoutes ? [["network", routeLegend]] : []),
    ["cells", cellLegend],
    ["arrows", null],
    ["crossings", crossingLegend],
    ...(anyPoints ? [["points", pointLegend]] : []),
    ["density", densityLegend],
    ["checkpoints", checkpointLegend],
    ["rivers", riverLegend],
    ["places", null],
    ["provinces", null],
    ["relief", null],
    ...MODELS,
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
    const title = node("h3", { class: "model" }, t("modelMark"));
    if (MODELS.length) rows.splice(rows.length - MODELS.length, 0, title);
    fieldset.replaceChildren(node("legend", {}, t("layers")), ...rows);
    if (focused && focused.startsWith("show-")) find(focused).focus();
  };

  Object.assign(trocha, { layerList });
})();
