"use strict";
/* What is drawn on the map, layer by layer. The HTML calls trocha.map once, then
   trocha.layer for each layer from the ground up, then trocha.open. */
(() => {
  const { data, state, t, node, shape, name, unpack, at, colours } = trocha;
  const ground = data.ground;
  const layers = {};
  const order = [];
  let map = null;
  let drawing = null;

  const GLYPHS = {
    "departure town": [["circle", { cx: 10, cy: 10, r: 6 }], ["circle", { cx: 10, cy: 10, r: 2, class: "solid" }]],
    landing: [["path", { d: "M3.5 7h13l-2.6 7.5H6.1z" }], ["path", { d: "M10 7V2.5", class: "stroke" }]],
    "border post": [["path", { d: "M10 2.6 17.4 10 10 17.4 2.6 10z" }], ["circle", { cx: 10, cy: 10, r: 2, class: "solid" }]],
    "receiving community": [["path", { d: "M10 3 17 9v7.5H3V9z" }]],
    "reception station": [["rect", { x: 3, y: 3, width: 14, height: 14, rx: 2, class: "filled" }], ["path", { d: "M10 6.2v7.6M6.2 10h7.6", class: "light" }]],
    "former station": [["rect", { x: 3.5, y: 3.5, width: 13, height: 13, rx: 2, class: "dashed" }]],
    "road end": [["path", { d: "M4 4.5h12M10 4.5V16", class: "bold" }]],
    town: [["circle", { cx: 10, cy: 10, r: 4.5 }]],
  };

  const glyph = (role, size = 20) => {
    const parts = GLYPHS[role] || GLYPHS.town;
    return shape(
      "svg",
      { viewBox: "0 0 20 20", width: size, height: size, class: "glyph", "aria-hidden": "true" },
      ...parts.map(([tag, attributes]) => shape(tag, attributes)),
    );
  };

  const marker = (latlng, element, { size = 0, ...options } = {}) =>
    L.marker(latlng, {
      icon: L.divIcon({ className: "pin", html: element, iconSize: [size, size] }),
      interactive: false,
      keyboard: false,
      ...options,
    });

  const popup = (latlng, content) =>
    L.popup({
      maxWidth: 300,
      minWidth: 230,
      className: "card",
      autoPanPaddingTopLeft: trocha.padding().topLeft,
      autoPanPaddingBottomRight: trocha.padding().bottomRight,
    })
      .setLatLng(latlng)
      .setContent(content)
      .openOn(map);

  /* A button on the map that opens a popup, by mouse, finger or key. */
  const pressable = (latlng, element, label, content, size = 28) => {
    const pin = marker(latlng, element, { size, interactive: true, keyboard: true, riseOnHover: true });
    pin.on("add", () => pin.getElement().setAttribute("aria-label", label()));
    pin.on("click", () => popup(latlng, content()));
    pin.on("keypress", (event) => {
      if (event.originalEvent.key === "Enter") popup(latlng, content());
    });
    pin.relabel = () => {
      if (pin.getElement()) pin.getElement().setAttribute("aria-label", label());
    };
    return pin;
  };

  /* ---- the ground ------------------------------------------------------------- */

  const flat = (style) => ({ renderer: drawing.ground, interactive: false, ...style });

  const relief = () => {
    const group = L.layerGroup();
    if (!ground.bounds) return group;
    const [west, south, east, north] = ground.bounds;
    const corners = [[south, west], [north, east]];
    group.addLayer(L.rectangle(corners, { ...flat({ stroke: false, fillColor: "#f2efe4", fillOpacity: 1 }), pane: "paper", renderer: drawing.paper }));
    if (!ground.relief) return group;
    const picture = L.imageOverlay(ground.relief.uri, corners, { pane: "relief", alt: "" });
    group.addLayer(picture);
    /* The closer one looks, the less a coarse relief has to say. */
    group.refresh = () => picture.setOpacity(Math.min(1, Math.max(0.45, 1 - (map.getZoom() - 9.5) * 0.22)));
    group.refresh();
    return group;
  };

  const sea = () => {
    const group = L.layerGroup();
    if (!ground.bounds || !ground.land.length) return group;
    const [west, south, east, north] = ground.bounds;
    const sheet = [[south, west], [south, east], [north, east], [north, west]];
    const land = ground.land.map(unpack);
    const water = { stroke: false, fillColor: colours.sea, fillOpacity: 1 };
    group.addLayer(L.polygon([sheet, ...land], flat({ ...water, noClip: true })));
    /* Two soft bands of shallow water along the coast, then the coast itself. */
    for (const [weight, opacity, color] of [[7, 0.25, "#ffffff"], [1, 0.9, colours.coast]])
      group.addLayer(L.polygon(land, flat({ fill: false, weight, opacity, color, lineJoin: "round" })));
    group.addLayer(L.polygon(sheet, flat({ fill: false, weight: 3, opacity: 1, color: "#f7f4ec" })));
    group.addLayer(L.polygon(sheet, flat({ fill: false, weight: 1, opacity: 0.8, color: "#b8b0a0" })));
    return group;
  };

  const rivers = () => {
    const group = L.layerGroup();
    for (const river of ground.rivers) {
      const weight = { 1: 2.6, 2: 1.8, 3: 1.1 }[river.order] || 0.8;
      const dashArray = river.quality === "schematic" ? "5 4" : null;
      const lines = river.lines.map(unpack);
      group.addLayer(L.polyline(lines, flat({ color: colours.river, weight, opacity: 0.95, dashArray })));
    }
    return group;
  };

  const provinces = () => {
    const lines = ground.provinces.lines.map(unpack);
    const style = { color: "#8b8172", weight: 1, opacity: 0.75, dashArray: "1 4", lineCap: "round" };
    return L.layerGroup([L.polyline(lines, flat(style))]);
  };

  const border = () => {
    const lines = ground.border.map(unpack);
    const line = (style) => L.polyline(lines, { renderer: drawing.ground, interactive: false, ...style });
    return L.layerGroup([
      line({ color: "#b99ab0", weight: 7, opacity: 0.35 }),
      line({ color: "#fffdf8", weight: 2.6, opacity: 0.85 }),
      line({ color: "#5b4357", weight: 1.4, opacity: 1, dashArray: "9 4 1.5 4" }),
    ]);
  };

  /* ---- what was found ---------------------------------------------------------- */

  const density = () => {
    if (!data.density) return L.layerGroup();
    const [west, south, east, north] = data.density.bounds;
    const corners = [[south, west], [north, east]];
    const image = L.imageOverlay(data.density.uri, corners, {
      pane: "density",
      opacity: 0.78,
      className: "pixels",
      alt: "",
    });
    return L.layerGroup([image]);
  };

  const CORRIDOR = {
    90: { fillOpacity: 0.13, weight: 1, opacity: 0.75 },
    75: { fillOpacity: 0.2, weight: 1, opacity: 0.8 },
    50: { fillOpacity: 0.34, weight: 1.4, opacity: 0.95 },
  };

  const corridors = () => {
    const group = L.layerGroup();
    group.refresh = () => {
      group.clearLayers();
      const rows = data.corridors
        .filter((row) => row.season === state.season)
        .sort((a, b) => b.level - a.level);
      for (const row of rows) {
        const rings = row.rings.map(unpack);
        const far = map.getZoom() < 10;
        const style = { ...(CORRIDOR[row.level] || CORRIDOR[75]) };
        if (far) Object.assign(style, { weight: style.weight + 0.9, fillOpacity: style.fillOpacity * 1.6 });
        const casing = { color: "#ffffff", weight: style.weight + (far ? 3.4 : 2.4), opacity: 0.75 };
        group.addLayer(L.polygon(rings, { renderer: drawing.found, interactive: false, fill: false, ...casing }));
        const outline = L.polygon(rings, { renderer: drawing.found, color: colours.teal, fillColor: colours.teal, ...style });
        outline.on("click", (event) => popup(event.latlng, trocha.about.corridor(row)));
        group.addLayer(outline);
      }
    };
    group.refresh();
    return group;
  };

  const cells = data.cells;
  const centres = cells.rings.map((ring) => {
    const points = unpack(ring).slice(0, 4);
    return [
      points.reduce((sum, point) => sum + point[0], 0) / points.length,
      points.reduce((sum, point) => sum + point[1], 0) / points.length,
    ];
  });
  const cellHeight = cells.rings.length
    ? Math.max(...unpack(cells.rings[0]).map((p) => p[0])) - Math.min(...unpack(cells.rings[0]).map((p) => p[0]))
    : 0;

  const HIDDEN = { fillOpacity: 0, opacity: 0 };
  const cellStyle = (n, tracks) => {
    if (state.month >= 0) {
      if (tracks === undefined) return HIDDEN;
      return { fillColor: trocha.countColour(tracks), fillOpacity: 0.82, color: "#fff", weight: 0.8, opacity: 0.65 };
    }
    if (state.cells === "count")
      return { fillColor: trocha.countColour(cells.tracks[n]), fillOpacity: 0.78, color: "#fff", weight: 0.8, opacity: 0.6 };
    const ramp = colours[cells.kind[n]];
    if (!ramp) return { fillColor: "#ffffff", fillOpacity: 0.001, color: colours.ink, weight: 0.6, opacity: map.getZoom() >= 10.5 ? 0.13 : 0 };
    const color = ramp[cells.confidence[n]];
    return { fillColor: color, fillOpacity: 0.74, color: "#fffaf0", weight: 0.9, opacity: 0.85 };
  };

  const cellLayer = () => {
    const group = L.layerGroup();
    const squares = cells.rings.map((ring, n) => {
      const square = L.polygon(unpack(ring), { renderer: drawing.found, lineJoin: "miter", smoothFactor: 0 });
      square.on("click", (event) => popup(event.latlng, trocha.about.cell(n, centres[n])));
      return square;
    });
    group.refresh = () => {
      const month = data.months[state.month];
      const [which, tracks] = cells.months[month] || [[], []];
      const byCell = new Map(which.map((n, i) => [n, tracks[i]]));
      squares.forEach((square, n) => {
        const shown = state.month < 0 || byCell.has(n);
        if (shown) {
          square.setStyle(cellStyle(n, byCell.get(n)));
          group.addLayer(square);
        } else group.removeLayer(square);
      });
    };
    group.refresh();
    return group;
  };

  /* An arrow of seven corners, `length` in degrees of latitude. */
  const arrow = ([lat, lon], bearing, length) => {
    const turn = (bearing * Math.PI) / 180;
    const squeeze = 1 / Math.cos((lat * Math.PI) / 180);
    const outline = [[0, 0.5], [0.26, 0.08], [0.085, 0.14], [0.06, -0.5], [-0.06, -0.5], [-0.085, 0.14], [-0.26, 0.08]];
    return outline.map(([x, y]) => {
      const east = x * Math.cos(turn) + y * Math.sin(turn);
      const north = y * Math.cos(turn) - x * Math.sin(turn);
      return [lat + north * length, lon + east * length * squeeze];
    });
  };

  /* Neighbouring cells share an arrow while they are small on the screen. */
  const arrowsFor = (factor) => {
    const size = cellHeight * factor;
    const blocks = new Map();
    centres.forEach(([lat, lon], n) => {
      const bearing = cells.bearing[n];
      const oneWay = cells.oneWay[n];
      if (bearing === null || oneWay === null || oneWay < 60) return;
      const key = `${Math.floor(lat / size)} ${Math.floor(lon / size)}`;
      const block = blocks.get(key) || { lat: 0, lon: 0, east: 0, north: 0, weight: 0, most: 0 };
      const weight = cells.tracks[n];
      block.lat += lat * weight;
      block.lon += lon * weight;
      block.east += weight * Math.sin((bearing * Math.PI) / 180);
      block.north += weight * Math.cos((bearing * Math.PI) / 180);
      block.weight += weight;
      block.most = Math.max(block.most, weight);
      blocks.set(key, block);
    });
    const most = Math.max(1, ...cells.tracks);
    /* Where a neighbour carries three times as many, its arrow speaks for both. */
    const led = (key, block) => {
      const [row, column] = key.split(" ").map(Number);
      for (let i = -1; i <= 1; i += 1)
        for (let j = -1; j <= 1; j += 1) {
          const other = blocks.get(`${row + i} ${column + j}`);
          if (other && other.most > 3 * block.most) return true;
        }
      return false;
    };
    return [...blocks.entries()]
      .filter(([key, block]) => !led(key, block))
      .map(([, block]) => block)
      .filter((block) => Math.hypot(block.east, block.north) > 0.4 * block.weight)
      .map((block) => {
        const bearing = (Math.atan2(block.east, block.north) * 180) / Math.PI;
        const length = size * (0.4 + 0.4 * Math.sqrt(block.most / most));
        return arrow([block.lat / block.weight, block.lon / block.weight], bearing, length);
      });
  };

  const arrows = () => {
    const group = L.layerGroup();
    let last = 0;
    group.refresh = (changes = {}) => {
      const zoom = map.getZoom();
      const factor = zoom < 8.5 ? 8 : zoom < 9.25 ? 6 : zoom < 10.25 ? 4 : zoom < 11.25 ? 2 : 1;
      if (factor === last && !changes.force) return;
      last = factor;
      group.clearLayers();
      const style = { renderer: drawing.found, interactive: false, color: "#ffffff", weight: 1.4, opacity: 0.95, fillColor: "#0a3d4f", fillOpacity: 1, lineJoin: "round", smoothFactor: 0 };
      for (const outline of arrowsFor(factor)) group.addLayer(L.polygon(outline, style));
    };
    group.refresh();
    return group;
  };

  const mostCrossed = Math.max(1, ...data.crossings.filter((row) => row.kind !== "checkpoint").map((row) => row.tracks));
  const crossingRadius = (tracks) => {
    const closer = Math.min(1, Math.max(0.55, (map.getZoom() - 6) / 3.5));
    return 6 + 15 * closer * Math.sqrt(tracks / mostCrossed);
  };

  /* A disc with its count; a point on the rim shows which way they cross. */
  const disc = (tracks, heading) => {
    const radius = tracks === null ? 5 : crossingRadius(tracks);
    const tip = radius * 1.42 + 2;
    const reach = tip + 2;
    const svg = shape("svg", { class: tracks === null ? "disc few" : "disc", width: 2 * reach, height: 2 * reach, viewBox: `${-reach} ${-reach} ${2 * reach} ${2 * reach}`, "aria-hidden": "true" });
    if (heading === null) svg.append(shape("circle", { r: radius }));
    else {
      /* A drop: tangents from the tip to the circle, then round the far side. */
      const x = (radius * Math.sqrt(tip * tip - radius * radius)) / tip;
      const y = (-radius * radius) / tip;
      svg.append(shape("path", { d: `M0 ${-tip}L${x} ${y}A${radius} ${radius} 0 1 1 ${-x} ${y}Z`, transform: `rotate(${heading})` }));
    }
    if (tracks !== null) {
      const digits = trocha.number(tracks);
      const size = Math.min(13, Math.max(8, (radius * 3.1) / digits.length));
      const text = shape("text", { y: size * 0.35, "font-size": size });
      text.textContent = digits;
      svg.append(text);
    }
    return { svg, reach, radius, tip };
  };

  /* Each disc stands on the side it leads to; those that touch make room. */
  const arrange = (discs) => {
    const fixed = ground.checkpoints.map((row) => ({ ...map.latLngToLayerPoint(at(row.at)), radius: 9 }));
    for (const d of discs) {
      const turn = ((d.heading || 0) * Math.PI) / 180;
      const out = d.heading === null ? 0 : d.radius + 4;
      const point = map.latLngToLayerPoint(d.at);
      Object.assign(d, { home: point, x: point.x + out * Math.sin(turn), y: point.y - out * Math.cos(turn) });
    }
    const apart = (a, b, share) => {
      const gap = a.radius + b.radius + 3 - Math.hypot(a.x - b.x, a.y - b.y);
      if (gap <= 0) return;
      const angle = Math.atan2(a.y - b.y, a.x - b.x || 0.01);
      a.x += Math.cos(angle) * gap * share;
      a.y += Math.sin(angle) * gap * share;
      b.x -= Math.cos(angle) * gap * (1 - share);
      b.y -= Math.sin(angle) * gap * (1 - share);
    };
    for (let round = 0; round < 40; round += 1) {
      discs.forEach((d, n) => discs.slice(n + 1).forEach((other) => apart(d, other, 0.5)));
      for (const d of discs) for (const other of fixed) apart(d, { ...other }, 1);
    }
    for (const d of discs) {
      const element = d.pin.getElement();
      if (!element) continue;
      const size = `${2 * d.reach}px`;
      const [marginLeft, marginTop] = [d.x - d.home.x - d.reach, d.y - d.home.y - d.reach].map((n) => `${n}px`);
      Object.assign(element.style, { width: size, height: size, marginLeft, marginTop });
    }
  };

  const crossings = () => {
    const group = L.layerGroup();
    const rows = data.crossings.filter((row) => row.kind !== "checkpoint");
    const seen = new Set();
    for (const row of rows) {
      if (seen.has(row.target) || !row.lines.length) continue;
      seen.add(row.target);
      const lines = row.lines.map(unpack);
      const dashArray = row.quality === "schematic" ? "6 5" : null;
      const reach = L.polyline(lines, { renderer: drawing.found, color: colours.plum, weight: 1.6, opacity: 0.6, dashArray });
      reach.on("click", (event) => popup(event.latlng, trocha.about.crossing(rows.filter((other) => other.target === row.target))));
      group.addLayer(reach);
    }
    const pins = rows.map((row) => {
      const holder = node("div", { class: "holder" });
      const together = rows.filter((other) => other.target === row.target);
      const label = () => `${trocha.crossingName(row)}, ${trocha.direction(row.direction)}`;
      const pin = pressable(at(row.at), holder, label, () => trocha.about.crossing(together));
      return { row, holder, pin };
    });
    group.discs = [];
    group.refresh = () => {
      group.discs = pins.map(({ row, holder, pin }) => {
        const tracks = state.month < 0 ? row.tracks : row.months[state.month];
        const { svg, reach, radius } = disc(tracks, row.heading);
        holder.replaceChildren(svg);
        group.addLayer(pin);
        pin.relabel();
        pin.setZIndexOffset(200 - Math.round(reach));
        return { at: at(row.at), pin, reach, radius, heading: row.heading };
      });
      arrange(group.discs);
    };
    group.refresh();
    return group;
  };

  const checkpointRows = (checkpoint) =>
    data.crossings.filter((row) => row.kind === "checkpoint" && row.name === checkpoint.name);

  const checkpoints = () => {
    const group = L.layerGroup();
    group.pins = ground.checkpoints.map((checkpoint) => {
      const element = node("div", { class: "checkpoint" }, glyph(checkpoint.role));
      const label = () => `${checkpoint.name}, ${trocha.term(checkpoint.role)}`;
      const pin = pressable(at(checkpoint.at), element, label, () =>
        trocha.about.checkpoint(checkpoint, checkpointRows(checkpoint)),
      );
      group.addLayer(pin);
      return pin;
    });
    group.refresh = () => group.pins.forEach((pin) => pin.relabel());
    return group;
  };

  const places = () => L.layerGroup();

  /* ---- labels: placed greedily, most important first, where there is room ------- */

  const labels = [];
  const labelGroup = L.layerGroup();
  const pencil = document.createElement("canvas").getContext("2d");
  const FONTS = {
    country: "600 15px Georgia, serif",
    province: "italic 12.5px Georgia, serif",
    place: "12px system-ui, sans-serif",
    town: "600 12.5px system-ui, sans-serif",
    checkpoint: "650 12.5px system-ui, sans-serif",
    river: "italic 11.5px Georgia, serif",
  };

  const addLabel = (options) => {
    const text = node("span", { class: `label ${options.kind}` }, name(options.text()));
    const label = { gap: 0, centred: false, angle: 0, from: 0, to: 99, ...options, element: text };
    if (options.dot) text.append(node("i", { class: "dot" }));
    label.pin = marker(options.at, text, { pane: "labels" });
    labels.push(label);
  };

  const riverAngle = (points, middle) => {
    const a = map.project(points[Math.max(0, middle - 4)], 10);
    const b = map.project(points[Math.min(points.length - 1, middle + 4)], 10);
    const angle = (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
    return angle > 90 ? angle - 180 : angle < -90 ? angle + 180 : angle;
  };

  const makeLabels = () => {
    for (const checkpoint of ground.checkpoints)
      addLabel({ kind: "checkpoint", layer: "checkpoints", at: at(checkpoint.at), gap: 11, rank: checkpoint.role === "reception station" ? 1000 : checkpoint.role === "former station" ? 700 : 900, text: () => checkpoint.name, count: () => checkpointRows(checkpoint)[0] });
    const named = new Set(ground.checkpoints.map((checkpoint) => checkpoint.name));
    for (const place of ground.places.filter((row) => !named.has(row.name))) {
      const people = place.population || 0;
      const from = people > 50000 ? 0 : people > 15000 ? 9 : people > 4000 ? 10 : people > 800 ? 11 : 11.75;
      addLabel({ kind: people > 50000 ? "town" : "place", layer: "places", dot: true, at: at(place.at), gap: 6, from, rank: 100 + Math.log10(people + 1) * 20, text: () => place.name });
    }
    for (const country of ground.provinces.countries)
      addLabel({ kind: "country", layer: "provinces", at: at(country.at), centred: true, to: 10.5, rank: 850, text: () => trocha.country(country.name), spaced: 5 });
    for (const province of ground.provinces.labels)
      addLabel({ kind: "province", layer: "provinces", at: at(province.at), centred: true, from: 8.75, to: 11.5, rank: 300 + Math.log10(province.area + 1), text: () => province.name, spaced: 1.2 });
    const best = new Map();
    for (const river of ground.rivers.filter((row) => row.name)) {
      const points = river.lines.map(unpack).sort((a, b) => b.length - a.length)[0];
      if (points && points.length > (best.get(river.name)?.points.length || 0)) best.set(river.name, { river, points });
    }
    for (const { river, points } of best.values()) {
      const middle = Math.floor(points.length / 2);
      addLabel({ kind: "river", layer: "rivers", at: points[middle], centred: true, angle: riverAngle(points, middle), from: river.order <= 2 ? 9 : 10, rank: 80 - river.order, text: () => river.name, spaced: 0.5 });
    }
    labels.sort((a, b) => b.rank - a.rank);
  };

  const boxesOf = (label, point) => {
    pencil.font = FONTS[label.kind];
    const text = label.text();
    const width = pencil.measureText(label.kind === "country" ? text.toUpperCase() : text).width + (label.spaced || 0) * text.length + 4;
    const height = label.lines === 2 ? 27 : 15;
    if (label.centred) {
      const turn = (label.angle * Math.PI) / 180;
      const w = Math.abs(width * Math.cos(turn)) + Math.abs(height * Math.sin(turn));
      const h = Math.abs(width * Math.sin(turn)) + Math.abs(height * Math.cos(turn));
      return [{ x: point.x - w / 2, y: point.y - h / 2, w, h }];
    }
    const { gap } = label;
    return [
      [gap, -height / 2], [-gap - width, -height / 2], [-width / 2, -gap - height], [-width / 2, gap],
      [gap * 0.7, -gap * 0.7 - height], [gap * 0.7, gap * 0.7], [-gap * 0.7 - width, -gap * 0.7 - height], [-gap * 0.7 - width, gap * 0.7],
    ].map(([x, y]) => ({ x: point.x + x, y: point.y + y, w: width, h: height }));
  };

  const overlaps = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

  const placeLabels = () => {
    const zoom = map.getZoom();
    const taken = [];
    if (state.shown.checkpoints)
      for (const checkpoint of ground.checkpoints) {
        const p = map.latLngToLayerPoint(at(checkpoint.at));
        taken.push({ x: p.x - 9, y: p.y - 9, w: 18, h: 18 });
      }
    if (state.shown.crossings)
      for (const { x, y, radius } of layers.crossings.discs)
        taken.push({ x: x - radius - 3, y: y - radius - 3, w: 2 * radius + 6, h: 2 * radius + 6 });
    for (const label of labels) {
      const wanted = state.shown[label.layer] && zoom >= label.from && zoom < label.to;
      const row = label.count && label.count();
      const tracks = row && (state.month < 0 ? row.tracks : row.months[state.month]);
      label.lines = tracks ? 2 : 1;
      const point = map.latLngToLayerPoint(label.at);
      const place = wanted && boxesOf(label, point).find((box) => !taken.some((other) => overlaps(box, other)));
      if (!place) {
        labelGroup.removeLayer(label.pin);
        continue;
      }
      taken.push(place);
      if (label.dot) taken.push({ x: point.x - 4, y: point.y - 4, w: 8, h: 8 });
      writeLabel(label, place, point, tracks);
      labelGroup.addLayer(label.pin);
    }
  };

  const writeLabel = (label, place, point, tracks) => {
    const { element } = label;
    element.replaceChildren(name(label.text()));
    if (tracks) element.append(node("small", {}, t("tracksShort", { n: trocha.number(tracks) })));
    if (label.dot) element.append(node("i", { class: "dot", style: { left: `${point.x - place.x - 3}px`, top: `${point.y - place.y - 3}px` } }));
    if (label.centred) Object.assign(element.style, { left: "0", top: "0", transform: `translate(-50%, -50%) rotate(${label.angle}deg)` });
    else {
      Object.assign(element.style, { left: `${place.x - point.x}px`, top: `${place.y - point.y}px`, width: `${place.w}px` });
      element.classList.toggle("leftward", place.x + place.w <= point.x);
      element.classList.toggle("centred", place.x < point.x && place.x + place.w > point.x);
    }
  };

  /* ---- assembling ---------------------------------------------------------------- */

  const MAKERS = { relief, sea, rivers, provinces, border, density, corridors, cells: cellLayer, arrows, crossings, places, checkpoints };
  const PANES = { paper: 205, relief: 210, ground: 220, density: 240, found: 400, labels: 590 };

  trocha.map = (id, options) => {
    map = L.map(id, { ...options, minZoom: 7, zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches });
    for (const [pane, z] of Object.entries(PANES)) {
      map.createPane(pane).style.zIndex = z;
      if (pane !== "found") map.getPane(pane).style.pointerEvents = "none";
    }
    const canvas = (pane, tolerance = 0) => L.canvas({ pane, padding: 0.4, tolerance });
    drawing = { paper: canvas("paper"), ground: canvas("ground"), found: canvas("found", 5) };
    map.setView([0, 0], 8, { animate: false });
    return map;
  };

  /* The map opens on what was found, or else on the whole sheet. */
  const home = () => {
    const bounds = ground.focus || ground.bounds;
    if (!bounds) return;
    const [west, south, east, north] = bounds;
    const { topLeft, bottomRight } = trocha.padding();
    map.fitBounds([[south, west], [north, east]], { paddingTopLeft: topLeft, paddingBottomRight: bottomRight, animate: false });
  };

  const fence = () => {
    if (!ground.bounds) return;
    const [west, south, east, north] = ground.bounds;
    map.setMaxBounds(L.latLngBounds([[south, west], [north, east]]).pad(0.35));
    map.setMinZoom(Math.min(map.getZoom(), map.getBoundsZoom([[south, west], [north, east]])) - 1);
  };

  trocha.layer = (onto, key, shown) => {
    if (!order.length) home();
    order.push(key);
    layers[key] = MAKERS[key]();
    state.shown[key] = shown;
    if (shown) layers[key].addTo(onto);
  };

  /* Canvas draws in the order of adding; put shapes back in theirs. */
  const restack = () => {
    for (const key of order)
      if (state.shown[key]) layers[key].eachLayer((layer) => layer.bringToFront && layer.bringToFront());
  };

  trocha.show = (key, shown) => {
    state.shown[key] = shown;
    if (shown) layers[key].addTo(map);
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
      const { x, y } = map.getSize();
      const corner = (point) => map.containerPointToLatLng(point);
      const bounds = L.latLngBounds(corner(topLeft), corner([x - bottomRight[0], y - bottomRight[1]]));
      view = [map.getCenter(), map.getZoom()];
      document.body.classList.add("printing");
      map.invalidateSize({ animate: false, pan: false });
      map.fitBounds(bounds, { animate: false });
    });
    addEventListener("afterprint", () => {
      document.body.classList.remove("printing");
      map.invalidateSize({ animate: false, pan: false });
      map.setView(...view, { animate: false });
    });
  };

  trocha.fly = (latlng, zoom) => map.setView(latlng, Math.max(zoom, map.getZoom()));

  trocha.open = () => {
    fence();
    L.control.zoom({ position: "topright" }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomright", maxWidth: 140 }).addTo(map);
    const attribution = L.control.attribution({ position: "bottomleft", prefix: false }).addTo(map);
    attribution.setPrefix("Leaflet");
    /* Leaflet writes attributions as markup, so ours go in as text. */
    attribution.getContainer().append(node("span", { id: "credits" }));
    labelGroup.addTo(map);
    makeLabels();
    layers.crossings.refresh();
    placeLabels();
    map.on("zoomend", () => {
      layers.arrows.refresh();
      if (layers.relief.refresh) layers.relief.refresh();
      layers.crossings.refresh();
      layers.corridors.refresh();
      if (state.month < 0 && state.cells === "test") layers.cells.refresh();
      restack();
      placeLabels();
    });
    trocha.on(() => {
      map.closePopup();
      for (const key of order) if (layers[key].refresh) layers[key].refresh({});
      restack();
      placeLabels();
    });
    trocha.panel(map);
    addEventListener("resize", () => map.invalidateSize());
    printing();
  };

  Object.assign(trocha, { glyph, disc, crossingRadius, mostCrossed, centres });
})();
