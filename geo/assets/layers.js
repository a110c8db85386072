"use strict";
/* The HTML calls trocha.map once, then trocha.layer for each layer from the ground up,
   then trocha.open. */
(() => {
  const { data, state, node, stage, makeLabels, placeLabels, labelGroup } = trocha;
  const ground = data.ground;
  const { layers } = stage;
  const order = [];

  const PANES = { paper: 205, relief: 210, ground: 220, density: 240, found: 400, labels: 590 };

  trocha.map = (id, options) => {
    stage.map = L.map(id, {
      ...options,
      minZoom: 7,
      zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    for (const [pane, z] of Object.entries(PANES)) {
      stage.map.createPane(pane).style.zIndex = z;
      if (pane !== "found") stage.map.getPane(pane).style.pointerEvents = "none";
    }
    const canvas = (pane, tolerance = 0) => L.canvas({ pane, padding: 0.4, tolerance });
    stage.drawing = {
      paper: canvas("paper"),
      ground: canvas("ground"),
      found: canvas("found", 5),
    };
    stage.map.setView([0, 0], 8, { animate: false });
    return stage.map;
  };

  /* The map opens on what was found, or else on the whole sheet. */
  const home = () => {
    const bounds = ground.focus || ground.bounds;
    if (!bounds) return;
    const [west, south, east, north] = bounds;
    const { topLeft, bottomRight } = trocha.padding();
    stage.map.fitBounds(
      [
        [south, west],
        [north, east],
      ],
      { paddingTopLeft: topLeft, paddingBottomRight: bottomRight, animate: false },
    );
  };

  const fence = () => {
    if (!ground.bounds) return;
    const [west, south, east, north] = ground.bounds;
    stage.map.setMaxBounds(
      L.latLngBounds([
        [south, west],
        [north, east],
      ]).pad(0.35),
    );
    stage.map.setMinZoom(
      Math.min(
        stage.map.getZoom(),
        stage.map.getBoundsZoom([
          [south, west],
          [north, east],
        ]),
      ) - 1,
    );
  };

  trocha.layer = (onto, key, shown) => {
    if (!order.length) home();
    order.push(key);
    layers[key] = trocha.makers[key]();
    state.shown[key] = shown;
    if (shown) layers[key].addTo(onto);
  };

  /* Canvas draws in the order of adding; put shapes back in theirs. */
  const restack = () => {
    for (const key of order)
      if (state.shown[key])
        layers[key].eachLayer((layer) => layer.bringToFront && layer.bringToFront());
  };

  trocha.show = (key, shown) => {
    state.shown[key] = shown;
    if (shown) layers[key].addTo(stage.map);
    else layers[key].remove();
    if (shown && layers[key].refresh) layers[key].refresh();
    restack();
    placeLabels();
  };

  /* What is in view beside the panels is what comes onto the paper. */
  const printing = () => {
    let view = null;
    addEventListener("beforeprint", () => {
      const { topLeft, bottomRight } = trocha.padding();
      const { x, y } = stage.map.getSize();
      const corner = (point) => stage.map.containerPointToLatLng(point);
      const bounds = L.latLngBounds(
        corner(topLeft),
        corner([x - bottomRight[0], y - bottomRight[1]]),
      );
      view = [stage.map.getCenter(), stage.map.getZoom()];
      document.body.classList.add("printing");
      stage.map.invalidateSize({ animate: false, pan: false });
      stage.map.fitBounds(bounds, { animate: false });
    });
    addEventListener("afterprint", () => {
      document.body.classList.remove("printing");
      stage.map.invalidateSize({ animate: false, pan: false });
      stage.map.setView(...view, { animate: false });
    });
  };

  trocha.fly = (latlng, zoom) => stage.map.setView(latlng, Math.max(zoom, stage.map.getZoom()));

  trocha.open = () => {
    fence();
    L.control.zoom({ position: "topright" }).addTo(stage.map);
    L.control
      .scale({ imperial: false, position: "bottomright", maxWidth: 140 })
      .addTo(stage.map);
    const attribution = L.control
      .attribution({ position: "bottomleft", prefix: false })
      .addTo(stage.map);
    attribution.setPrefix("Leaflet");
    /* Leaflet writes attributions as markup, so ours go in as text. */
    attribution.getContainer().append(node("span", { id: "credits" }));
    labelGroup.addTo(stage.map);
    makeLabels();
    stage.layers.crossings.refresh();
    stage.layers.points.refresh();
    placeLabels();
    stage.map.on("zoomend", () => {
      layers.arrows.refresh();
      if (layers.relief.refresh) layers.relief.refresh();
      stage.layers.crossings.refresh();
      layers.corridors.refresh();
      layers.points.refresh();
      if (state.month < 0 && state.cells !== "count") layers.cells.refresh();
      restack();
      placeLabels();
    });
    trocha.on(() => {
      stage.map.closePopup();
      for (const key of order) if (layers[key].refresh) layers[key].refresh({});
      restack();
      placeLabels();
    });
    trocha.panel(stage.map);
    addEventListener("resize", () => stage.map.invalidateSize());
    printing();
  };
})();
