"use strict";
/* What was found: density, corridors, squares, arrows, crossings, checkpoints. */
(() => {
  const {
    data,
    state,
    term,
    direction,
    crossingName,
    drawnCrossings,
    node,
    unpack,
    at,
    colours,
    stage,
    countColour,
    glyph,
    popup,
    pressable,
    disc,
    hatch,
    isStable,
  } = trocha;
  const ground = data.ground;

  const density = () => {
    if (!data.density) return L.layerGroup();
    const [west, south, east, north] = data.density.bounds;
    const corners = [
      [south, west],
      [north, east],
    ];
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
        const far = stage.map.getZoom() < 10;
        const style = { ...(CORRIDOR[row.level] || CORRIDOR[75]) };
        if (far)
          Object.assign(style, {
            weight: style.weight + 0.9,
            fillOpacity: style.fillOpacity * 1.6,
          });
        const casing = {
          color: "#ffffff",
          weight: style.weight + (far ? 3.4 : 2.4),
          opacity: 0.75,
        };
        group.addLayer(
          L.polygon(rings, {
            renderer: stage.drawing.found,
            interactive: false,
            fill: false,
            ...casing,
          }),
        );
        const outline = L.polygon(rings, {
          renderer: stage.drawing.found,
          color: colours.teal,
          fillColor: colours.teal,
          ...style,
        });
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
    ? Math.max(...unpack(cells.rings[0]).map((p) => p[0])) -
      Math.min(...unpack(cells.rings[0]).map((p) => p[0]))
    : 0;

  const plainSquare = () => ({
    fillColor: "#ffffff",
    fillOpacity: 0.001,
    color: colours.ink,
    weight: 0.6,
    opacity: stage.map.getZoom() >= 10.5 ? 0.13 : 0,
  });
  const HIDDEN = { fillOpacity: 0, opacity: 0 };
  const cellStyle = (n, tracks) => {
    if (state.month >= 0) {
      if (tracks === undefined) return HIDDEN;
      return {
        fillColor: countColour(tracks),
        fillOpacity: 0.82,
        color: "#fff",
        weight: 0.8,
        opacity: 0.65,
      };
    }
    if (state.cells === "count")
      return {
        fillColor: countColour(cells.tracks[n]),
        fillOpacity: 0.78,
        color: "#fff",
        weight: 0.8,
        opacity: 0.6,
      };
    if (state.cells === "change") {
      const fillColor = colours.change[cells.change.kind[n]];
      if (!fillColor) return plainSquare();
      return { fillColor, fillOpacity: 0.82, color: "#fffaf0", weight: 0.9, opacity: 0.85 };
    }
    const ramp = colours[cells.kind[n]];
    if (!ramp) return plainSquare();
    const color = ramp[cells.confidence[n]];
    if (!isStable(n))
      return { fillColor: hatch(color), fillOpacity: 1, color, weight: 1, opacity: 0.9 };
    return {
      fillColor: color,
      fillOpacity: 0.74,
      color: "#fffaf0",
      weight: 0.9,
      opacity: 0.85,
    };
  };

  const cellLayer = () => {
    const group = L.layerGroup();
    const squares = cells.rings.map((ring, n) => {
      const square = L.polygon(unpack(ring), {
        renderer: stage.drawing.found,
        lineJoin: "miter",
        smoothFactor: 0,
      });
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
    const outline = [
      [0, 0.5],
      [0.26, 0.08],
      [0.085, 0.14],
      [0.06, -0.5],
      [-0.06, -0.5],
      [-0.085, 0.14],
      [-0.26, 0.08],
    ];
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
      const block = blocks.get(key) || {
        lat: 0,
        lon: 0,
        east: 0,
        north: 0,
        weight: 0,
        most: 0,
      };
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
    group.refresh = () => {
      const zoom = stage.map.getZoom();
      const factor = zoom < 8.5 ? 8 : zoom < 9.25 ? 6 : zoom < 10.25 ? 4 : zoom < 11.25 ? 2 : 1;
      if (factor === last) return;
      last = factor;
      group.clearLayers();
      const style = {
        renderer: stage.drawing.found,
        interactive: false,
        color: "#ffffff",
        weight: 1.4,
        opacity: 0.95,
        fillColor: "#0a3d4f",
        fillOpacity: 1,
        lineJoin: "round",
        smoothFactor: 0,
      };
      for (const outline of arrowsFor(factor)) group.addLayer(L.polygon(outline, style));
    };
    group.refresh();
    return group;
  };

  /* Each disc stands on the side it leads to; those that touch make room, for each
     other and for what is there already. */
  const arrange = (discs, others = []) => {
    const posts = ground.checkpoints.map((row) => ({
      ...stage.map.latLngToLayerPoint(at(row.at)),
      radius: 9,
    }));
    const fixed = [...posts, ...others];
    for (const d of discs) {
      const turn = ((d.heading || 0) * Math.PI) / 180;
      const out = d.heading === null ? 0 : d.radius + 4;
      const point = stage.map.latLngToLayerPoint(d.at);
      Object.assign(d, {
        home: point,
        x: point.x + out * Math.sin(turn),
        y: point.y - out * Math.cos(turn),
      });
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
      const [marginLeft, marginTop] = [d.x - d.home.x - d.reach, d.y - d.home.y - d.reach].map(
        (n) => `${n}px`,
      );
      Object.assign(element.style, { width: size, height: size, marginLeft, marginTop });
    }
  };

  const crossings = () => {
    const group = L.layerGroup();
    const rows = drawnCrossings;
    const seen = new Set();
    for (const row of rows) {
      if (seen.has(row.target) || !row.lines.length) continue;
      seen.add(row.target);
      const lines = row.lines.map(unpack);
      const dashArray = row.quality === "schematic" ? "6 5" : null;
      const reach = L.polyline(lines, {
        renderer: stage.drawing.found,
        color: colours.plum,
        weight: 1.6,
        opacity: 0.6,
        dashArray,
      });
      reach.on("click", (event) =>
        popup(
          event.latlng,
          trocha.about.crossing(rows.filter((other) => other.target === row.target)),
        ),
      );
      group.addLayer(reach);
    }
    const pins = rows.map((row) => {
      const holder = node("div", { class: "holder" });
      const together = rows.filter((other) => other.target === row.target);
      const label = () => `${crossingName(row)}, ${direction(row.direction)}`;
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
      const label = () => `${checkpoint.name}, ${term(checkpoint.role)}`;
      const pin = pressable(at(checkpoint.at), element, label, () =>
        trocha.about.checkpoint(checkpoint, checkpointRows(checkpoint)),
      );
      group.addLayer(pin);
      return pin;
    });
    group.refresh = () => group.pins.forEach((pin) => pin.relabel());
    return group;
  };

  /* Their labels are all there is of them. */
  const places = () => L.layerGroup();

  Object.assign(trocha.makers, {
    density,
    corridors,
    cells: cellLayer,
    arrows,
    crossings,
    places,
    checkpoints,
  });
  Object.assign(trocha, { arrange, centres, checkpointRows });
})();
