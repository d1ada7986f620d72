// Draws every chart of the page from the values beside it. Without this script the table remains.
(() => {
  const COLOURS = ["#0b4f6c", "#b3460f", "#5b3a8c", "#2f6b2f", "#7a1f4b"];
  const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4]];
  const FONT = "13px system-ui, sans-serif";
  const INK = "#0b0c0c";
  const SVG = "http://www.w3.org/2000/svg";

  const series = (line, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const edge = { stroke: "transparent", points: { show: false } };
    const drawn = {
      label: line.label,
      stroke: colour,
      width: 2,
      dash: DASHES[index % DASHES.length],
      spanGaps: true,
      points: { show: false },
    };
    // What was measured stands as it was measured: nothing is drawn between two readings.
    if (line.dots) Object.assign(drawn, { paths: () => null, points: { show: true, size: 8, fill: colour } });
    return line.low.length ? [drawn, edge, edge] : [drawn];
  };

  const columns = (line) => (line.low.length ? [line.values, line.low, line.high] : [line.values]);

  const bands = (lines) => {
    const found = [];
    let at = 1;
    lines.forEach((line, index) => {
      if (line.low.length) found.push({ series: [at + 2, at + 1], fill: COLOURS[index % COLOURS.length] + "26" });
      at += columns(line).length;
    });
    return found;
  };

  const spanX = (chart) => (_, low, high) => {
    const said = [...chart.marks.map((one) => one.at), ...chart.giving.flatMap((one) => [one.start, one.end])];
    if (chart.now !== null) said.push(chart.now);
    return [Math.min(low, ...said), Math.max(high, ...said)];
  };

  const spanY = (chart) => (_, low, high) => {
    const tops = [high ?? 1, ...chart.levels.map((one) => one.value)];
    const top = chart.y_max ?? Math.max(...tops) * 1.15;
    const foot = chart.y_min ?? Math.min(low ?? 0, ...chart.levels.map((one) => one.value));
    return [foot, top > foot ? top : foot + 1];
  };

  const upright = (plot, at, words, row, dash, width) => {
    const { ctx, bbox } = plot;
    const dpr = devicePixelRatio;
    const x = plot.valToPos(at, "x", true);
    ctx.lineWidth = width * dpr;
    ctx.setLineDash(dash.map((one) => one * dpr));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    const wide = ctx.measureText(words).width;
    const left = x + wide + 6 * dpr > bbox.left + bbox.width ? x - wide - 4 * dpr : x + 4 * dpr;
    const y = bbox.top + (13 + 15 * row) * dpr;
    ctx.fillStyle = "#ffffff99";
    ctx.fillRect(left - 2 * dpr, y - 12 * dpr, wide + 4 * dpr, 15 * dpr);
    ctx.fillStyle = INK;
    ctx.fillText(words, left, y);
  };

  const annotate = (chart) => (plot) => {
    const { ctx, bbox } = plot;
    const dpr = devicePixelRatio;
    ctx.save();
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.font = FONT.replace("13px", `${13 * dpr}px`);
    ctx.strokeStyle = "#505a5f";
    for (const level of chart.levels) {
      const y = plot.valToPos(level.value, "y", true);
      ctx.lineWidth = dpr;
      ctx.setLineDash([6 * dpr, 4 * dpr]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillStyle = INK;
      ctx.fillText(level.label, bbox.left + 4 * dpr, y - 4 * dpr);
    }
    for (const one of chart.giving) {
      const [from, to] = [one.start, one.end].map((at) => plot.valToPos(at, "x", true));
      ctx.fillStyle = INK;
      ctx.fillRect(from, bbox.top + bbox.height - 6 * dpr, Math.max(to - from, 3 * dpr), 6 * dpr);
      ctx.fillText(one.label, from + 2 * dpr, bbox.top + bbox.height - 10 * dpr);
    }
    chart.marks.forEach((mark, index) => upright(plot, mark.at, mark.label, 1 + (index % 3), [3, 3], 1));
    if (chart.now !== null) {
      ctx.strokeStyle = INK;
      upright(plot, chart.now, "now", 0, [], 2);
    }
    ctx.restore();
  };

  const legend = (chart) => {
    const list = document.createElement("ul");
    list.className = "chart__legend";
    const readings = chart.lines.map((line, index) => {
      const item = document.createElement("li");
      const stroke = document.createElementNS(SVG, "svg");
      const path = document.createElementNS(SVG, "line");
      const reading = document.createElement("span");
      for (const [name, value] of Object.entries({ width: 30, height: 12, "aria-hidden": "true" })) stroke.setAttribute(name, value);
      const [from, to] = line.dots ? [15, 15] : [0, 30]; // a round cap on no length is a dot
      const look = { x1: from, x2: to, y1: 6, y2: 6, stroke: COLOURS[index % COLOURS.length] };
      look["stroke-width"] = line.dots ? 8 : 3;
      look["stroke-linecap"] = line.dots ? "round" : "butt";
      if (!line.dots) look["stroke-dasharray"] = DASHES[index % DASHES.length].join(" ");
      for (const [name, value] of Object.entries(look)) path.setAttribute(name, value);
      stroke.append(path);
      item.append(stroke, ` ${line.label}${line.low.length ? ", with its 5–95 % band" : ""} `, reading);
      list.append(item);
      return reading;
    });
    return { list, readings };
  };

  const read = (chart, readings) => (plot) => {
    const at = plot.cursor.idx;
    chart.lines.forEach((line, index) => {
      const value = at === null || at === undefined ? null : line.values[at];
      readings[index].textContent = value === null ? "" : value.toFixed(chart.decimals);
    });
  };

  const options = (chart, wide, readings) => ({
    width: wide,
    height: wide < 500 ? 280 : 340,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), chart.zone),
    scales: { x: { time: chart.x_unit === "time", range: spanX(chart) }, y: { range: spanY(chart) } },
    axes: [
      { label: chart.x_label, size: 30, font: FONT, labelFont: FONT, labelSize: 18, labelGap: 0, stroke: INK, grid: { stroke: "#e3eaee" } },
      { label: chart.y_label, font: FONT, labelFont: FONT, labelSize: 18, labelGap: 0, stroke: INK, grid: { stroke: "#e3eaee" } },
    ],
    series: [{}, ...chart.lines.flatMap(series)],
    bands: bands(chart.lines),
    hooks: { draw: [annotate(chart)], setCursor: [read(chart, readings)] },
  });

  const draw = (figure) => {
    const box = figure.querySelector(".chart__plot");
    const given = figure.querySelector('script[type="application/json"]');
    if (!box || !given || box.firstChild || !window.uPlot) return;
    const chart = JSON.parse(given.textContent);
    const { list, readings } = legend(chart);
    const plot = new uPlot(options(chart, figure.clientWidth, readings), [chart.x, ...chart.lines.flatMap(columns)], box);
    box.after(list);
    new ResizeObserver(() => {
      if (box.clientWidth && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: plot.height });
    }).observe(box);
  };

  const drawAll = () => document.querySelectorAll("figure.chart").forEach(draw);
  drawAll();
  document.addEventListener("htmx:load", drawAll);
})();
