"use strict";
/* People and incidents seen at places: where they gather, and at which crossings. */
(() => {
  const {
    data,
    state,
    t,
    number,
    node,
    shape,
    at,
    colours,
    stage,
    crossingName,
    popup,
    pressable,
    unpack,
    arrange,
    makers,
  } = trocha;
  const { points, recorded, risk } = data;

  const most = Math.max(1, ...(points.points || []));
  const radius = (count) => {
    const closer = Math.min(1, Math.max(0.5, (stage.map.getZoom() - 6) / 4));
    return 2.5 + 9 * closer * Math.sqrt(count / most);
  };

  const style = (n, count) => {
    const ramp = colours[points.kind[n]];
    return {
      radius: radius(count),
      fillColor: colours.olive,
      fillOpacity: 0.55,
      color: ramp ? ramp[points.confidence[n]] : "#ffffff",
      weight: ramp ? 2.4 : 1,
      opacity: 0.95,
    };
  };

  const circles = (group) => {
    const circle = points.at.map((place, n) => {
      const drawn = L.circleMarker(at(place), { renderer: stage.drawing.found });
      drawn.on("click", (event) => popup(event.latlng, trocha.about.points(n)));
      return drawn;
    });
    return () => {
      const [which, counts] = points.months[data.months[state.month]] || [[], []];
      const inMonth = new Map(which.map((n, i) => [n, counts[i]]));
      circle.forEach((drawn, n) => {
        const count = state.month < 0 ? points.points[n] : inMonth.get(n);
        if (count === undefined) group.removeLayer(drawn);
        else group.addLayer(drawn.setStyle(style(n, count)));
      });
    };
  };

  /* A square with its count. */
  const badge = (count) => {
    const text = count === null ? "" : number(count);
    const width = count === null ? 9 : 9 + 6 * text.length;
    const height = count === null ? 9 : 16;
    const svg = shape("svg", {
      class: "badge",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      "aria-hidden": "true",
    });
    svg.append(
      shape("rect", { x: 0.75, y: 0.75, width: width - 1.5, height: height - 1.5, rx: 2.5 }),
    );
    const label = shape("text", { x: width / 2, y: height / 2 + 4 });
    label.textContent = text;
    svg.append(label);
    return svg;
  };

  const badges = (group) => {
    const pins = recorded
      .filter((row) => row.kind !== "checkpoint")
      .map((row) => {
        const holder = node("div", { class: "holder" });
        const label = () => `${crossingName(row)}, ${t("recordedTitle")}`;
        const pin = pressable(at(row.at), holder, label, () => trocha.about.recorded(row));
        return { row, holder, pin };
      });
    return () => {
      const placed = pins.map(({ row, holder, pin }) => {
        const count = state.month < 0 ? row.points : row.months[state.month];
        const drawn = badge(count);
        const radius = Number(drawn.getAttribute("width")) / 2;
        holder.replaceChildren(drawn);
        group.addLayer(pin);
        pin.relabel();
        return { at: at(row.at), pin, reach: radius, radius, heading: null };
      });
      const { crossings } = stage.layers;
      arrange(placed, state.shown.crossings && crossings ? crossings.discs : []);
    };
  };

  /* Where more was written down than the tracks that pass explain: whole period only. */
  const areas = (group) => {
    const outlines = risk.map((row) =>
      L.polygon(row.rings.map(unpack), {
        renderer: stage.drawing.found,
        color: colours.olive,
        weight: row.level > 95 ? 2.4 : 1.4,
        dashArray: row.level > 95 ? null : "5 4",
        fill: false,
      }).on("click", (event) => popup(event.latlng, trocha.about.risk(row))),
    );
    return () =>
      outlines.forEach((drawn) =>
        state.month < 0 ? group.addLayer(drawn) : group.removeLayer(drawn),
      );
  };

  makers.points = () => {
    const group = L.layerGroup();
    const parts = [areas(group), circles(group), badges(group)];
    group.refresh = () => parts.forEach((refresh) => refresh());
    group.refresh();
    return group;
  };

  const any = points.at.length > 0 || recorded.length > 0;
  const recordedAt = (name) =>
    recorded.filter((row) => row.kind === "checkpoint" && row.name === name);
  Object.assign(trocha, { anyPoints: any, badge, recordedAt });
})();
