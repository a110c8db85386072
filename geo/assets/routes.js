"use strict";
/* The route network: lines the wider the more walk them, and the points where they meet. */
(() => {
  const { data, state, t, number, percent, unpack, at, crossingName, colours, stage, popup, makers } = trocha;
  const { edges, nodes } = data.network;

  const most = Math.max(1, ...edges.map((row) => row.tracks));
  const width = (tracks) => 1.2 + 5.8 * Math.sqrt(tracks / most);

  /* Names of nodes without one are made by the program: "junction 7". */
  const nodeName = (text) => {
    const plain = /^(junction|end) (\d+)$/.exec(text);
    return plain ? t(`node-${plain[1]}`, { n: plain[2] }) : crossingName({ name: text });
  };

  /* How long they took one way, and by which means; null where nothing may be told. */
  const hours = (row, way) => {
    const [middle, low, high] = ["Hours", "Low", "High"].map((what) => row[way + what]);
    if (middle === null) return null;
    const figure = (n) => number(n, n < 20 && n % 1 ? 1 : 0);
    return t("routeHoursValue", {
      n: figure(middle),
      low: figure(low),
      high: figure(high),
    });
  };
  const means = (row, way) =>
    ["Foot", "Boat"]
      .filter((how) => row[way + how] !== null)
      .map((how) => t(`route${how}`, { share: percent(row[way + how] / 100) }))
      .join(", ") || null;

  /* Most of the movement there lies in silences: nobody was seen on that line. */
  const isBridged = (row) => row.bridged !== null && row.bridged >= 50;

  makers.network = () => {
    const group = L.layerGroup();
    const renderer = stage.drawing.found;
    const line = (row, style) => L.polyline(unpack(row.line), { renderer, ...style });
    const drawn = edges.map((row) => {
      const band = L.polygon(row.band.map(unpack), {
        renderer,
        interactive: false,
        stroke: false,
        fillColor: colours.route,
        fillOpacity: 0.16,
      });
      const casing = line(row, { interactive: false, color: "#ffffff", opacity: 0.8 });
      const route = line(row, {
        color: colours.route,
        opacity: 0.95,
        dashArray: isBridged(row) ? "9 7" : null,
        lineCap: isBridged(row) ? "butt" : "round",
      });
      route.on("click", (event) => popup(event.latlng, trocha.about.route(row)));
      return { row, band, casing, route };
    });
    const dots = nodes
      .filter((row) => row.kind !== "checkpoint")
      .map((row) => {
        const dot = L.circleMarker(at(row.at), {
          renderer,
          radius: 3.6,
          color: colours.route,
          weight: 1.4,
          fillColor: "#ffffff",
          fillOpacity: 1,
        });
        dot.on("click", (event) => popup(event.latlng, trocha.about.node(row)));
        return dot;
      });
    group.refresh = () => {
      group.clearLayers();
      const shown = drawn
        .map((one) => {
          const tracks = state.month < 0 ? one.row.tracks : one.row.months[state.month];
          return { ...one, tracks };
        })
        .filter(({ tracks }) => tracks !== null);
      if (state.month < 0) for (const { band } of shown) group.addLayer(band);
      for (const { casing, tracks } of shown)
        group.addLayer(casing.setStyle({ weight: width(tracks) + 2 }));
      for (const { route, tracks } of shown)
        group.addLayer(route.setStyle({ weight: width(tracks) }));
      if (state.month < 0) for (const dot of dots) group.addLayer(dot);
    };
    group.refresh();
    return group;
  };

  Object.assign(trocha, {
    anyRoutes: edges.length > 0,
    nodeName,
    isBridged,
    routeWidth: width,
    routeHours: hours,
    routeMeans: means,
  });
})();
