"use strict";
/* What a square, a corridor, a crossing or a checkpoint says when it is pressed. */
(() => {
  const {
    data,
    state,
    t,
    term,
    country,
    direction,
    crossingName,
    number,
    percent,
    monthText,
    compass,
    node,
    shape,
    name,
    colours,
    months,
    recordedAt,
    nodeName,
    isStable,
    isBridged,
    routeHours,
    routeMeans,
  } = trocha;

  const facts = (pairs) =>
    node(
      "dl",
      { class: "rows" },
      pairs
        .filter(Boolean)
        .flatMap(([title, value]) => [node("dt", {}, title), node("dd", {}, value)]),
    );

  const heading = (title, kicker, colour) =>
    node(
      "header",
      {},
      kicker ? node("p", { class: "kicker", style: { color: colour } }, kicker) : null,
      node("h3", {}, title),
    );

  const needle = (bearing) =>
    shape(
      "svg",
      { width: 14, height: 14, viewBox: "-7 -7 14 14", class: "needle", "aria-hidden": "true" },
      shape("path", { d: "M0 -6.5 4 6 0 3.4-4 6Z", transform: `rotate(${bearing})` }),
    );

  const way = (bearing, oneWay) =>
    bearing === null || bearing === undefined
      ? null
      : [
          t("way"),
          node(
            "span",
            {},
            needle(bearing),
            " ",
            compass(bearing),
            oneWay === null ? "" : ` · ${t("oneWay", { share: percent(oneWay / 100) })}`,
          ),
        ];

  /* Small bars, one a month; an open ring stands for "withheld, or none". */
  const monthBars = (values, colour) => {
    if (!values.some((value) => value !== null && value !== undefined)) return null;
    const width = 240;
    const height = 44;
    const step = width / values.length;
    const top = Math.max(...values.map((value) => value || 0));
    const bars = values.map((value, n) =>
      value
        ? shape("rect", {
            x: n * step + 0.5,
            y: height - 10 - (value / top) * (height - 20),
            width: Math.max(1, step - 1.5),
            height: (value / top) * (height - 20),
            fill: colour,
            opacity: state.month < 0 || state.month === n ? 1 : 0.35,
            rx: 0.8,
          })
        : shape("circle", {
            cx: n * step + step / 2,
            cy: height - 12,
            r: 1.2,
            fill: "none",
            stroke: "#b3a894",
          }),
    );
    const label = (x, anchor, text) => {
      const element = shape("text", { x, y: height, "text-anchor": anchor });
      element.textContent = text;
      return element;
    };
    const peak = values.indexOf(top);
    const peakText = label(
      Math.min(width - 12, Math.max(12, (peak + 0.5) * step)),
      "middle",
      number(top),
    );
    peakText.setAttribute("y", 8);
    return node(
      "figure",
      {},
      shape(
        "svg",
        {
          viewBox: `0 0 ${width} ${height}`,
          class: "bars",
          role: "img",
          "aria-label": t("barsLabel", {
            most: number(top),
            month: monthText(months[peak]),
          }),
        },
        ...bars,
        peakText,
        label(0, "start", monthText(months[0], "short")),
        label(width, "end", monthText(months[months.length - 1], "short")),
      ),
    );
  };

  const card = (...parts) => node("article", { class: "about" }, parts);
  const meaning = (text) => node("p", { class: "meaning" }, text);
  trocha.parts = { facts, heading, card, meaning };
  const cells = data.cells;

  const interval = (row) => {
    if (row.low === null) return "";
    const between = t("interval", { low: number(row.low), high: number(row.high) });
    return row.expected === null || row.expected === undefined
      ? between
      : `${t("expectedIs", { n: number(row.expected) })} ${between}`;
  };
  const silences = (row) =>
    row.gap === null || row.gap === undefined
      ? null
      : facts([[t("bridged"), percent(row.gap / 100)]]);
  const counted = (row) =>
    node(
      "p",
      { class: "count" },
      row.heading === null ? null : needle(row.heading),
      node("span", {}, direction(row.direction)),
      node("b", {}, number(row.tracks)),
      node("small", {}, interval(row)),
    );
  /* The whole line that a reach is part of. */
  const wholeOf = (row) => {
    const rows = data.crossings.filter((other) => other.target === row.partOf);
    if (row.partOf === null || !rows.length) return null;
    return node(
      "section",
      { class: "whole" },
      node("h4", {}, name(crossingName(rows[0]))),
      rows.map((whole) => [counted({ ...whole, heading: null }), silences(whole)]),
    );
  };
  const precision = (row) =>
    row.precision === null ? "" : t("precisionOf", { metres: number(row.precision) });

  /* Why a square is of its class of change over time: what the months were. */
  const changeReason = (n) => {
    const [kind, trend, months_, hot, cold, last, run] = [
      "kind",
      "trend",
      "months",
      "hot",
      "cold",
      "last",
      "run",
    ].map((column) => cells.change[column][n]);
    if (kind === null) return "";
    const like = { hot, cold, none: months_ - hot - cold }[last];
    const before =
      like > run ? "changeBefore" : run === months_ ? "changeAlways" : "changeNever";
    return t("changeReason", {
      hot: number(hot),
      cold: number(cold),
      months: number(months_),
      last: t(`change${run === 1 ? "One" : "Run"}-${last}`, {
        run: number(run),
        before: t(before),
      }),
      trend: t(`changeTrend-${trend}`),
    });
  };

  trocha.about = {
    cell: (n) => {
      const kind = cells.kind[n];
      const sure = cells.confidence[n];
      const title = t(`${kind}Title`);
      const changed = cells.change && cells.change.kind[n];
      const hatched = colours[kind] && !isStable(n);
      const byMonth = months.map((month) => {
        const [which, tracks] = cells.months[month] || [[], []];
        const i = which.indexOf(n);
        return i < 0 ? null : tracks[i];
      });
      const colour = colours[kind] ? colours[kind][sure] : colours.ink;
      return card(
        heading(
          title,
          sure ? t("confidence", { share: percent(sure / 100) }) : t("notSignificant"),
          sure === 90 ? "#8a5200" : colour,
        ),
        facts([
          [t("tracks"), number(cells.tracks[n])],
          cells.stop[n] === null ? null : [t("stopTracks"), number(cells.stop[n])],
          cells.hours[n] === null
            ? null
            : [
                t("hours"),
                cells.hours[n]
                  ? t("hoursValue", { n: number(cells.hours[n], 1) })
                  : t("halfHour"),
              ],
          cells.stopHours[n] === null
            ? null
            : [t("stopHours"), t("hoursValue", { n: number(cells.stopHours[n], 1) })],
          way(cells.bearing[n], cells.oneWay[n]),
          cells.density[n] === null
            ? null
            : [t("density"), t("perKm2", { n: number(cells.density[n], 1) })],
          cells.post[n] === null
            ? null
            : [t("post"), t("hoursValue", { n: number(cells.post[n], 1) })],
          [
            t("test"),
            `z ${number(cells.z[n], 1)} · q ${cells.q[n] !== null && cells.q[n] < 0.001 ? `< ${number(0.001, 3)}` : number(cells.q[n], 3)}`,
          ],
          cells.stable[n] === null ? null : [t("stable"), percent(cells.stable[n] / 100)],
        ]),
        monthBars(byMonth, colours.counts[3]),
        changed
          ? meaning([
              node("b", {}, `${t("changing")}: ${term(changed)}. `),
              changeReason(n),
            ])
          : null,
        meaning(
          [t(`${kind}Meaning`), hatched ? t("hatchedMeaning") : ""].filter(Boolean).join(" "),
        ),
      );
    },
    points: (n) => {
      const { points } = data;
      const sure = points.confidence[n];
      const byMonth = months.map((month) => {
        const [which, counts] = points.months[month] || [[], []];
        const i = which.indexOf(n);
        return i < 0 ? null : counts[i];
      });
      return card(
        heading(
          t("pointsTitle"),
          sure
            ? t("confidence", { share: percent(sure / 100) })
            : points.z[n] === null
              ? null
              : t("notSignificant"),
          colours.olive,
        ),
        facts([
          [t("pointsSeen"), number(points.points[n])],
          (points.rate || [])[n] > 0
            ? [
                t("pointsRate"),
                t("pointsRateText", {
                  rate: number(points.rate[n], 1),
                  hours: number(points.effort[n], 1),
                }),
              ]
            : null,
          points.z[n] === null
            ? null
            : [t("test"), `z ${number(points.z[n], 1)} · q ${number(points.q[n], 3)}`],
        ]),
        monthBars(byMonth, colours.olive),
        meaning(t("pointsMeaning")),
      );
    },
    risk: (row) =>
      card(
        heading(
          t("riskTitle"),
          t("confidence", { share: percent(row.level / 100) }),
          colours.olive,
        ),
        facts([
          [t("pointsSeen"), number(row.points)],
          row.ratio === null ? null : [t("riskRatio"), `× ${number(row.ratio, 1)}`],
          [t("area"), `${number(row.area, 0)} km²`],
        ]),
        meaning(t("riskMeaning")),
      ),
    recorded: (row) =>
      card(
        heading(name(crossingName(row)), t("recordedTitle"), colours.olive),
        node(
          "p",
          { class: "count" },
          node("span", {}, t("pointsSeen")),
          node("b", {}, number(row.points)),
          node("small", {}, interval(row)),
        ),
        monthBars(row.months, colours.olive),
        meaning([t("pointsMeaning"), precision(row)].filter(Boolean).join(" ")),
      ),
    corridor: (row) =>
      card(
        heading(
          t("corridorTitle", { share: percent(row.level / 100) }),
          row.season === "all" ? null : t("seasonOf", { season: term(row.season) }),
          colours.teal,
        ),
        facts([
          [t("tracks"), number(row.tracks)],
          [t("area"), t("km2", { n: number(row.area) })],
          way(row.bearing, row.oneWay),
          row.bridged === null ? null : [t("bridged"), percent(row.bridged / 100)],
        ]),
        meaning(t("corridorMeaning", { share: percent(row.level / 100) })),
      ),
    route: (row) =>
      card(
        heading(
          [name(nodeName(row.from)), " – ", name(nodeName(row.to))],
          t("routeTitle"),
          colours.route,
        ),
        facts([
          [t("tracks"), number(row.tracks)],
          ...[
            [row.to, "ahead"],
            [row.from, "back"],
          ].flatMap(([end, way]) => {
            const moving = row[`${way}Moving`];
            return [
              [
                [t("routeTo"), " ", name(nodeName(end))],
                row[way] === null ? t("routeFew", { k: number(data.k) }) : number(row[way]),
              ],
              routeHours(row, way) ? [t("routeHours"), routeHours(row, way)] : null,
              moving === null ? null : [t("routeMoving"), t("hoursValue", { n: number(moving, moving % 1 ? 1 : 0) })],
              routeMeans(row, way) ? [t("routeMeans"), routeMeans(row, way)] : null,
            ];
          }),
          [t("length"), t("km", { n: number(row.km, 1) })],
          row.bridged === null ? null : [t("bridged"), percent(row.bridged / 100)],
          row.tube === null ? null : [t("routeTube"), `± ${number(row.tube)} m`],
          row.stable === null ? null : [t("routeStable"), percent(row.stable / 100)],
        ]),
        monthBars(row.months, colours.route),
        meaning(isBridged(row) ? `${t("routeBridged")} ${t("routeMeaning")}` : t("routeMeaning")),
      ),
    node: (row) =>
      card(
        heading(name(nodeName(row.name)), t(`nodeKind-${row.kind}`), colours.route),
        facts([[t("tracks"), number(row.tracks)]]),
        meaning(t("nodeMeaning")),
      ),
    crossing: (unsorted) => {
      const rows = [...unsorted].sort((a, b) => b.tracks - a.tracks);
      const [first] = rows;
      return card(
        heading(name(crossingName(first)), t(first.kind), colours.plum),
        rows.map((row) =>
          node(
            "section",
            {},
            counted(row),
            silences(row),
            monthBars(row.months, colours.plum),
          ),
        ),
        wholeOf(first),
        meaning(
          [
            t("crossingMeaning"),
            precision(first),
            first.quality === "schematic" ? t("schematicMeaning") : "",
          ]
            .filter(Boolean)
            .join(" "),
        ),
      );
    },
    checkpoint: (row, counts) => {
      const since = row.since ? monthText(row.since) : "";
      const until = row.until ? monthText(row.until) : "";
      return card(
        heading(name(row.name), term(row.role), colours.ink),
        facts([
          row.country ? [t("country"), country(row.country)] : null,
          since || until
            ? [
                t("open"),
                since && until
                  ? `${since} – ${until}`
                  : since
                    ? t("since", { month: since })
                    : t("until", { month: until }),
              ]
            : null,
          row.precision_m === null ? null : [t("position"), `± ${number(row.precision_m)} m`],
          ...counts.map((count) => [
            direction(count.direction),
            node(
              "span",
              {},
              node("b", {}, number(count.tracks)),
              " ",
              node("small", {}, interval(count)),
            ),
          ]),
          ...counts.map((count) =>
            count.gap === null ? null : [t("bridged"), percent(count.gap / 100)],
          ),
        ]),
        counts.map((count) => monthBars(count.months, colours.teal)),
        recordedAt(row.name).map((seen) => [
          facts([[t("pointsSeen"), node("span", {}, node("b", {}, number(seen.points)))]]),
          monthBars(seen.months, colours.olive),
        ]),
        meaning(
          counts.length ? t("checkpointMeaning") : t("checkpointFew", { k: number(data.k) }),
        ),
      );
    },
  };
})();
