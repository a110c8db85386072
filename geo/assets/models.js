"use strict";
/* What a model tells and nobody was seen doing: hatched, and off at first. */
(() => {
  const { data, state, t, term, number, percent, unpack, name, colours, stage, popup, makers } =
    trocha;
  const { ways, areas, between, bands, fused, reliefKm } = data.models;

  const EARTH = ["#d9c999", "#c6b37a", "#b09b5e", "#978248", "#7d6a38", "#64542b"];
  const shade = (n, many) => EARTH[Math.round((n * (EARTH.length - 1)) / Math.max(1, many - 1))];

  const VIOLET = ["#c9b6da", "#a88cc4", "#8360a6", "#5d3a80"];
  const violet = (n, many) =>
    VIOLET[Math.round((n * (VIOLET.length - 1)) / Math.max(1, many - 1))];

  /* Slanting lines as a colour that a canvas can fill with. */
  const hatch = (colour, gap, width, slope = 1) => {
    const tile = document.createElement("canvas");
    tile.width = gap;
    tile.height = gap;
    const pen = tile.getContext("2d");
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    for (const shift of [-gap, 0, gap]) {
      pen.beginPath();
      pen.moveTo(shift - 1, slope > 0 ? gap + 1 : -1);
      pen.lineTo(shift + gap + 1, slope > 0 ? -1 : gap + 1);
      pen.stroke();
    }
    return pen.createPattern(tile, "repeat");
  };

  /* Even-odd: a point lies inside if a ray from it crosses the rings an odd number of times. */
  const inside = (rings, { lat, lng }) => {
    let odd = false;
    for (const ring of rings)
      ring.forEach(([y, x], n) => {
        const [y0, x0] = ring[(n || ring.length) - 1];
        if (y > lat !== y0 > lat && lng < ((x0 - x) * (lat - y)) / (y0 - y) + x) odd = !odd;
      });
    return odd;
  };

  const area = (rings, style) =>
    L.polygon(rings, {
      renderer: stage.drawing.found,
      fillOpacity: 1,
      weight: 1.4,
      opacity: 0.9,
      dashArray: "5 4",
      ...style,
    });

  const rowsAt = (rows, latlng) => rows.filter((row) => inside(row.rings.map(unpack), latlng));

  makers.modelled = () => {
    const group = L.layerGroup();
    areas.forEach((row, n) => {
      const colour = shade(n + 1, areas.length + 1);
      const shape = area(row.rings.map(unpack), {
        color: colour,
        fillColor: hatch(colour, n ? 6 : 9, 1.2),
      });
      shape.on("click", (event) =>
        popup(event.latlng, trocha.about.ways(rowsAt(ways, event.latlng))),
      );
      group.addLayer(shape);
    });
    return group;
  };

  makers.thoroughfares = () => {
    const group = L.layerGroup();
    between.forEach((row, n) => {
      const colour = violet(n, between.length);
      const shape = area(row.rings.map(unpack), {
        color: colour,
        weight: 1.1,
        fillColor: hatch(colour, 6, 1.6),
      });
      shape.on("click", (event) => popup(event.latlng, trocha.about.between(row)));
      group.addLayer(shape);
    });
    return group;
  };

  const TEAL = { 50: 0.5, 75: 0.28, 90: 0.16 };
  const levels = [...new Set(fused.map((row) => row.level))].sort((a, b) => b - a);

  /* What the model holds of all movement, from any of its outlines. */
  const guess = fused.find((row) => row.basis === "modelled");
  const modelledShare = guess ? guess.share / guess.level : 0;

  makers.fused = () => {
    const group = L.layerGroup();
    const rows = [...fused].sort(
      (a, b) => (a.basis < b.basis ? 1 : a.basis > b.basis ? -1 : b.level - a.level),
    );
    for (const row of rows) {
      const n = levels.indexOf(row.level);
      const colour = shade(n + 1, levels.length + 1);
      const seen = {
        color: colours.teal,
        fillColor: colours.teal,
        fillOpacity: TEAL[row.level] || 0.2,
        dashArray: null,
        weight: 1.2,
      };
      const hatched = { color: colour, fillColor: hatch(colour, 8 - n, 1.2) };
      const shape = area(row.rings.map(unpack), row.basis === "observed" ? seen : hatched);
      shape.on("click", (event) => popup(event.latlng, trocha.about.fused(row)));
      group.addLayer(shape);
    }
    return group;
  };

  const helps = [...new Set(bands.map((row) => row.help))];
  const bandsShown = () => bands.filter((row) => row.help === (state.help || helps[0]));

  makers.isochrones = () => {
    const group = L.layerGroup();
    group.refresh = () => {
      group.clearLayers();
      const rows = bandsShown();
      rows.forEach((row, n) => {
        const colour = shade(n, rows.length);
        const shape = area(row.rings.map(unpack), {
          color: colour,
          weight: 0.9,
          fillColor: hatch(colour, 7, 2.2, -1),
        });
        shape.on("click", (event) => popup(event.latlng, trocha.about.band(row)));
        group.addLayer(shape);
      });
    };
    group.refresh();
    return group;
  };

  const { facts, heading, card, meaning } = trocha.parts;
  const BROWN = "#66562b";
  const COARSE_KM = 0.5;
  const relief = () => {
    if (reliefKm === null) return "";
    return reliefKm < COARSE_KM
      ? t("reliefFine", { metres: number(1000 * reliefKm) })
      : t("reliefCoarse", { km: number(reliefKm, 1) });
  };
  const honest = () => [t("modelMeaning"), relief()].filter(Boolean).join(" ");

  Object.assign(trocha.about, {
    ways: (rows) => {
      const pairs = new Map();
      for (const row of [...rows].sort((a, b) => b.level - a.level))
        pairs.set(`${row.entry}\n${row.exit}`, row);
      const found = [...pairs.values()].sort((a, b) => a.hours - b.hours);
      return card(
        heading(t("layer-modelled"), t("modelMark"), BROWN),
        facts(
          found.map((row) => [
            [name(row.entry), " – ", name(row.exit)],
            `${t("hoursValue", { n: number(row.hours, 1) })} · ${t("slower", { n: number(row.level) })}`,
          ]),
        ),
        meaning(`${honest()} ${t("modelledMeaning")}`),
      );
    },
    fused: (row) => {
      const seen = row.basis === "observed";
      return card(
        heading(
          t(seen ? "fusedTitle" : "fusedTitleModel", { share: percent(row.level / 100) }),
          t(seen ? "fusedSeen" : "modelMark"),
          seen ? colours.teal : BROWN,
        ),
        facts([
          [t("fusedShare"), percent(row.share / 100, 1)],
          [t("area"), t("km2", { n: number(row.area) })],
        ]),
        meaning(
          seen
            ? t("fusedSeenMeaning", { k: number(data.k) })
            : `${honest()} ${t("fusedModelMeaning")}`,
        ),
      );
    },
    between: (row) =>
      card(
        heading(
          t("betweenTitle", { share: percent(row.share / 100) }),
          t("modelMark"),
          VIOLET[VIOLET.length - 1],
        ),
        facts([
          [t("betweenPlaces"), number(row.places)],
          [t("area"), t("km2", { n: number(row.area) })],
        ]),
        meaning(`${honest()} ${t("betweenMeaning", { n: number(row.places) })}`),
      ),
    band: (row) =>
      card(
        heading(
          t("bandTitle", { from: number(row.from, 1), to: number(row.to, 1) }),
          t("modelMark"),
          BROWN,
        ),
        facts([
          [t("bandTo"), term(row.help)],
          [t("area"), t("km2", { n: number(row.area) })],
        ]),
        meaning(`${honest()} ${t("bandMeaning")}`),
      ),
  });

  Object.assign(trocha, {
    models: {
      areas,
      between,
      violet,
      helps,
      bandsShown,
      levels,
      modelledShare,
      shade,
      honest,
      relief,
      any: ways.length + bands.length + between.length > 0,
    },
  });
})();
