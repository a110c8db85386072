"use strict";
/* The ground: relief, sea, rivers, boundaries. Each maker returns a layer. */
(() => {
  const { data, unpack, colours, stage } = trocha;
  const ground = data.ground;

  const flat = (style) => ({ renderer: stage.drawing.ground, interactive: false, ...style });

  const relief = () => {
    const group = L.layerGroup();
    if (!ground.bounds) return group;
    const [west, south, east, north] = ground.bounds;
    const corners = [
      [south, west],
      [north, east],
    ];
    group.addLayer(
      L.rectangle(corners, {
        ...flat({ stroke: false, fillColor: "#f2efe4", fillOpacity: 1 }),
        pane: "paper",
        renderer: stage.drawing.paper,
      }),
    );
    if (!ground.relief) return group;
    const picture = L.imageOverlay(ground.relief.uri, corners, { pane: "relief", alt: "" });
    group.addLayer(picture);
    /* The closer one looks, the less a coarse relief has to say. */
    group.refresh = () =>
      picture.setOpacity(Math.min(1, Math.max(0.45, 1 - (stage.map.getZoom() - 9.5) * 0.22)));
    group.refresh();
    return group;
  };

  const sea = () => {
    const group = L.layerGroup();
    if (!ground.bounds || !ground.land.length) return group;
    const [west, south, east, north] = ground.bounds;
    const sheet = [
      [south, west],
      [south, east],
      [north, east],
      [north, west],
    ];
    const land = ground.land.map(unpack);
    const water = { stroke: false, fillColor: colours.sea, fillOpacity: 1 };
    group.addLayer(L.polygon([sheet, ...land], flat({ ...water, noClip: true })));
    /* Two soft bands of shallow water along the coast, then the coast itself. */
    for (const [weight, opacity, color] of [
      [7, 0.25, "#ffffff"],
      [1, 0.9, colours.coast],
    ])
      group.addLayer(
        L.polygon(land, flat({ fill: false, weight, opacity, color, lineJoin: "round" })),
      );
    group.addLayer(
      L.polygon(sheet, flat({ fill: false, weight: 3, opacity: 1, color: "#f7f4ec" })),
    );
    group.addLayer(
      L.polygon(sheet, flat({ fill: false, weight: 1, opacity: 0.8, color: "#b8b0a0" })),
    );
    return group;
  };

  const rivers = () => {
    const group = L.layerGroup();
    for (const river of ground.rivers) {
      const weight = { 1: 2.6, 2: 1.8, 3: 1.1 }[river.order] || 0.8;
      const dashArray = river.quality === "schematic" ? "5 4" : null;
      const lines = river.lines.map(unpack);
      group.addLayer(
        L.polyline(lines, flat({ color: colours.river, weight, opacity: 0.95, dashArray })),
      );
    }
    return group;
  };

  const provinces = () => {
    const lines = ground.provinces.lines.map(unpack);
    const style = {
      color: "#8b8172",
      weight: 1,
      opacity: 0.75,
      dashArray: "1 4",
      lineCap: "round",
    };
    return L.layerGroup([L.polyline(lines, flat(style))]);
  };

  const border = () => {
    const lines = ground.border.map(unpack);
    const line = (style) =>
      L.polyline(lines, { renderer: stage.drawing.ground, interactive: false, ...style });
    return L.layerGroup([
      line({ color: "#b99ab0", weight: 7, opacity: 0.35 }),
      line({ color: "#fffdf8", weight: 2.6, opacity: 0.85 }),
      line({ color: "#5b4357", weight: 1.4, opacity: 1, dashArray: "9 4 1.5 4" }),
    ]);
  };

  Object.assign(trocha.makers, { relief, sea, rivers, provinces, border });
})();
