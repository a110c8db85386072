"use strict";
/* Labels, placed greedily: the most important first, where there is room. */
(() => {
  const {
    data,
    state,
    t,
    country,
    number,
    node,
    name,
    unpack,
    at,
    stage,
    marker,
    checkpointRows,
  } = trocha;
  const ground = data.ground;

  const labels = [];
  const labelGroup = L.layerGroup();
  const pencil = document.createElement("canvas").getContext("2d");
  const FONTS = {
    count: "500 11px system-ui, sans-serif",
    country: "600 15px Georgia, serif",
    province: "italic 12.5px Georgia, serif",
    place: "12px system-ui, sans-serif",
    town: "600 12.5px system-ui, sans-serif",
    checkpoint: "650 12.5px system-ui, sans-serif",
    river: "italic 11.5px Georgia, serif",
  };

  const addLabel = (options) => {
    const text = node("span", { class: `label ${options.kind}` }, name(options.text()));
    const label = {
      gap: 0,
      centred: false,
      angle: 0,
      from: 0,
      to: 99,
      ...options,
      element: text,
    };
    if (options.dot) text.append(node("i", { class: "dot" }));
    label.pin = marker(options.at, text, { pane: "labels" });
    labels.push(label);
  };

  const riverAngle = (points, middle) => {
    const a = stage.map.project(points[Math.max(0, middle - 4)], 10);
    const b = stage.map.project(points[Math.min(points.length - 1, middle + 4)], 10);
    const angle = (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
    return angle > 90 ? angle - 180 : angle < -90 ? angle + 180 : angle;
  };

  const makeLabels = () => {
    for (const checkpoint of ground.checkpoints)
      addLabel({
        kind: "checkpoint",
        layer: "checkpoints",
        at: at(checkpoint.at),
        gap: 11,
        rank:
          checkpoint.role === "reception station"
            ? 1000
            : checkpoint.role === "former station"
              ? 700
              : 900,
        text: () => checkpoint.name,
        count: () => checkpointRows(checkpoint)[0],
      });
    const named = new Set(ground.checkpoints.map((checkpoint) => checkpoint.name));
    for (const place of ground.places.filter((row) => !named.has(row.name))) {
      const people = place.population || 0;
      const from =
        people > 50000
          ? 0
          : people > 15000
            ? 9
            : people > 4000
              ? 10
              : people > 800
                ? 11
                : 11.75;
      addLabel({
        kind: people > 50000 ? "town" : "place",
        layer: "places",
        dot: true,
        at: at(place.at),
        gap: 6,
        from,
        rank: 100 + Math.log10(people + 1) * 20,
        text: () => place.name,
      });
    }
    for (const land of ground.provinces.countries)
      addLabel({
        kind: "country",
        layer: "provinces",
        at: at(land.at),
        centred: true,
        to: 10.5,
        rank: 850,
        text: () => country(land.name),
        spaced: 5,
      });
    for (const province of ground.provinces.labels)
      addLabel({
        kind: "province",
        layer: "provinces",
        at: at(province.at),
        centred: true,
        from: 8.75,
        to: 11.5,
        rank: 300 + Math.log10(province.area + 1),
        text: () => province.name,
        spaced: 1.2,
      });
    const best = new Map();
    for (const river of ground.rivers.filter((row) => row.name)) {
      const points = river.lines.map(unpack).sort((a, b) => b.length - a.length)[0];
      if (points && points.length > (best.get(river.name)?.points.length || 0))
        best.set(river.name, { river, points });
    }
    for (const { river, points } of best.values()) {
      const middle = Math.floor(points.length / 2);
      addLabel({
        kind: "river",
        layer: "rivers",
        at: points[middle],
        centred: true,
        angle: riverAngle(points, middle),
        from: river.order <= 2 ? 9 : 10,
        rank: 80 - river.order,
        text: () => river.name,
        spaced: 0.5,
      });
    }
    labels.sort((a, b) => b.rank - a.rank);
  };

  const boxesOf = (label, point) => {
    pencil.font = FONTS[label.kind];
    const text = label.text();
    const shown = label.kind === "country" ? text.toUpperCase() : text;
    let width = pencil.measureText(shown).width + (label.spaced || 0) * text.length + 4;
    if (label.lines === 2) {
      pencil.font = FONTS.count;
      width = Math.max(width, pencil.measureText(label.tally).width + 4);
    }
    const height = label.lines === 2 ? 27 : 15;
    if (label.centred) {
      const turn = (label.angle * Math.PI) / 180;
      const w = Math.abs(width * Math.cos(turn)) + Math.abs(height * Math.sin(turn));
      const h = Math.abs(width * Math.sin(turn)) + Math.abs(height * Math.cos(turn));
      return [{ x: point.x - w / 2, y: point.y - h / 2, w, h }];
    }
    const { gap } = label;
    return [
      [gap, -height / 2],
      [-gap - width, -height / 2],
      [-width / 2, -gap - height],
      [-width / 2, gap],
      [gap * 0.7, -gap * 0.7 - height],
      [gap * 0.7, gap * 0.7],
      [-gap * 0.7 - width, -gap * 0.7 - height],
      [-gap * 0.7 - width, gap * 0.7],
    ].map(([x, y]) => ({ x: point.x + x, y: point.y + y, w: width, h: height }));
  };

  const overlaps = (a, b) =>
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

  const writeLabel = (label, place, point) => {
    const { element } = label;
    element.replaceChildren(name(label.text()));
    if (label.tally) element.append(node("small", {}, label.tally));
    if (label.dot)
      element.append(
        node("i", {
          class: "dot",
          style: { left: `${point.x - place.x - 3}px`, top: `${point.y - place.y - 3}px` },
        }),
      );
    if (label.centred)
      Object.assign(element.style, {
        left: "0",
        top: "0",
        transform: `translate(-50%, -50%) rotate(${label.angle}deg)`,
      });
    else {
      Object.assign(element.style, {
        left: `${place.x - point.x}px`,
        top: `${place.y - point.y}px`,
        width: `${place.w}px`,
      });
      element.classList.toggle("leftward", place.x + place.w <= point.x);
      element.classList.toggle("centred", place.x < point.x && place.x + place.w > point.x);
    }
  };

  const placeLabels = () => {
    const zoom = stage.map.getZoom();
    const taken = [];
    const corner = stage.map.containerPointToLayerPoint([0, 0]);
    const { x: across, y: down } = stage.map.getSize();
    const [left, right] = [corner.x + trocha.padding().topLeft[0] - 18, corner.x + across];
    const inView = ({ x, y, w, h }) =>
      x >= left && x + w <= right && y >= corner.y && y + h <= corner.y + down;
    if (state.shown.checkpoints)
      for (const checkpoint of ground.checkpoints) {
        const p = stage.map.latLngToLayerPoint(at(checkpoint.at));
        taken.push({ x: p.x - 9, y: p.y - 9, w: 18, h: 18 });
      }
    if (state.shown.crossings)
      for (const { x, y, radius } of stage.layers.crossings.discs)
        taken.push({
          x: x - radius - 3,
          y: y - radius - 3,
          w: 2 * radius + 6,
          h: 2 * radius + 6,
        });
    for (const label of labels) {
      const wanted = state.shown[label.layer] && zoom >= label.from && zoom < label.to;
      const row = label.count && label.count();
      const tracks = row && (state.month < 0 ? row.tracks : row.months[state.month]);
      label.lines = tracks ? 2 : 1;
      label.tally = tracks ? t("tracksShort", { n: number(tracks) }) : "";
      const point = stage.map.latLngToLayerPoint(label.at);
      const fit = () => {
        const free = boxesOf(label, point).filter(
          (box) => !taken.some((other) => overlaps(box, other)),
        );
        return free.find(inView) || free[0];
      };
      let place = wanted && fit();
      if (wanted && !place && label.lines === 2) {
        /* The name alone may still find room. */
        Object.assign(label, { lines: 1, tally: "" });
        place = fit();
      }
      if (!place) {
        labelGroup.removeLayer(label.pin);
        continue;
      }
      taken.push(place);
      if (label.dot) taken.push({ x: point.x - 4, y: point.y - 4, w: 8, h: 8 });
      writeLabel(label, place, point);
      labelGroup.addLayer(label.pin);
    }
  };

  Object.assign(trocha, { labelGroup, makeLabels, placeLabels });
})();
