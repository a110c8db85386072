"use strict";
/* Symbols, and what opens when one is pressed. */
(() => {
  const { data, drawnCrossings, number, node, shape, stage } = trocha;

  const GLYPHS = {
    "departure town": [
      ["circle", { cx: 10, cy: 10, r: 6 }],
      ["circle", { cx: 10, cy: 10, r: 2, class: "solid" }],
    ],
    landing: [
      ["path", { d: "M3.5 7h13l-2.6 7.5H6.1z" }],
      ["path", { d: "M10 7V2.5", class: "stroke" }],
    ],
    "border post": [
      ["path", { d: "M10 2.6 17.4 10 10 17.4 2.6 10z" }],
      ["circle", { cx: 10, cy: 10, r: 2, class: "solid" }],
    ],
    "receiving community": [["path", { d: "M10 3 17 9v7.5H3V9z" }]],
    "reception station": [
      ["rect", { x: 3, y: 3, width: 14, height: 14, rx: 2, class: "filled" }],
      ["path", { d: "M10 6.2v7.6M6.2 10h7.6", class: "light" }],
    ],
    "former station": [
      ["rect", { x: 3.5, y: 3.5, width: 13, height: 13, rx: 2, class: "dashed" }],
    ],
    "road end": [["path", { d: "M4 4.5h12M10 4.5V16", class: "bold" }]],
    town: [["circle", { cx: 10, cy: 10, r: 4.5 }]],
    clinic: [
      ["circle", { cx: 10, cy: 10, r: 7, class: "filled" }],
      ["path", { d: "M10 6.2v7.6M6.2 10h7.6", class: "light" }],
    ],
    "water point": [["path", { d: "M10 2.5C12.6 6 15 9 15 12a5 5 0 0 1-10 0c0-3 2.4-6 5-9.5z" }]],
  };

  const glyph = (role, size = 20) => {
    const parts = GLYPHS[role] || GLYPHS.town;
    return shape(
      "svg",
      {
        viewBox: "0 0 20 20",
        width: size,
        height: size,
        class: "glyph",
        "aria-hidden": "true",
      },
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
      .openOn(stage.map);

  /* A button on the map that opens a popup, by mouse, finger or key. */
  const pressable = (latlng, element, label, content, size = 28) => {
    const pin = marker(latlng, element, {
      size,
      interactive: true,
      keyboard: true,
      riseOnHover: true,
    });
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

  const mostCrossed = Math.max(
    1,
    ...drawnCrossings.map((row) => row.tracks),
  );
  const crossingRadius = (tracks) => {
    const closer = Math.min(1, Math.max(0.55, (stage.map.getZoom() - 6) / 3.5));
    return 6 + 15 * closer * Math.sqrt(tracks / mostCrossed);
  };

  /* A disc with its count; a point on the rim shows which way they cross. */
  const disc = (tracks, heading) => {
    const radius = tracks === null ? 5 : crossingRadius(tracks);
    const tip = radius * 1.42 + 2;
    const reach = tip + 2;
    const svg = shape("svg", {
      class: tracks === null ? "disc few" : "disc",
      width: 2 * reach,
      height: 2 * reach,
      viewBox: `${-reach} ${-reach} ${2 * reach} ${2 * reach}`,
      "aria-hidden": "true",
    });
    if (heading === null) svg.append(shape("circle", { r: radius }));
    else {
      /* A drop: tangents from the tip to the circle, then round the far side. */
      const x = (radius * Math.sqrt(tip * tip - radius * radius)) / tip;
      const y = (-radius * radius) / tip;
      svg.append(
        shape("path", {
          d: `M0 ${-tip}L${x} ${y}A${radius} ${radius} 0 1 1 ${-x} ${y}Z`,
          transform: `rotate(${heading})`,
        }),
      );
    }
    if (tracks !== null) {
      const digits = number(tracks);
      const size = Math.min(13, Math.max(8, (radius * 3.1) / digits.length));
      const text = shape("text", { y: size * 0.35, "font-size": size });
      text.textContent = digits;
      svg.append(text);
    }
    return { svg, reach, radius, tip };
  };

  /* Slanted lines of a colour, for a canvas: it prints, and needs no file. */
  const hatches = {};
  const hatch = (colour) => {
    if (hatches[colour]) return hatches[colour];
    const tile = node("canvas", { width: 6, height: 6 });
    const pen = tile.getContext("2d");
    pen.strokeStyle = colour;
    pen.lineWidth = 1.7;
    for (const shift of [-6, 0, 6]) {
      pen.moveTo(shift, 6);
      pen.lineTo(shift + 6, 0);
    }
    pen.stroke();
    hatches[colour] = pen.createPattern(tile, "repeat");
    return hatches[colour];
  };
  const striped = (colour) =>
    `repeating-linear-gradient(135deg, ${colour} 0 1.6px, #fff 1.6px 4.2px)`;

  /* The same on at least three in four grids, or never asked of others. */
  const STABLE_PCT = 75;
  const isStable = (n) => data.cells.stable[n] === null || data.cells.stable[n] >= STABLE_PCT;

  Object.assign(trocha, { hatch, striped, isStable, glyph, marker, popup, pressable, disc, mostCrossed });
})();
