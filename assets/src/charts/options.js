// From the portal's small chart description to an ECharts option.
// {type, categories, series: [{name, data, tone?}], stacked?, unit?, rows? (heatmap)}

const TONES = ["primary", "accent", "success", "info", "error", "warning", "muted"];

// ECharts computes with colours, so the page's oklch() values are resolved to rgb by a canvas.
const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function toRgb(value) {
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = value;
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(3)})`;
}

function readColors() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const resolve = (variable) => {
    probe.style.color = `var(${variable})`;
    return toRgb(getComputedStyle(probe).color);
  };
  const colors = Object.fromEntries(TONES.map((tone) => [tone, resolve(`--chart-${tone}`)]));
  Object.assign(colors, {
    text: resolve("--color-base-content"), label: resolve("--muted"), line: resolve("--line"), surface: resolve("--raised"), quiet: resolve("--color-base-300"),
  });
  probe.remove();
  return colors;
}

function cell(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function tip(title, rows) {
  const box = cell("div", "chart-tip", "");
  if (title) box.append(cell("div", "chart-tip-title", title));
  for (const [name, value] of rows) {
    const row = cell("div", "chart-tip-row", "");
    row.append(cell("span", "", name), cell("b", "", value));
    box.append(row);
  }
  return box;
}

function tooltip(colors, trigger, formatter) {
  return {
    trigger, confine: true, formatter, padding: 0, borderWidth: 1, borderColor: colors.line,
    backgroundColor: colors.surface, axisPointer: { type: "line", lineStyle: { color: colors.label, type: "dashed" } },
  };
}

function axes(spec, colors) {
  const label = { color: colors.label, fontSize: 11 };
  return {
    xAxis: {
      type: "category", data: spec.categories, boundaryGap: spec.type !== "line",
      axisLine: { lineStyle: { color: colors.line } }, axisTick: { show: false }, axisLabel: { ...label, hideOverlap: true },
    },
    yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: colors.line } }, axisLabel: label },
  };
}

function frame(spec, colors) {
  const hasLegend = (spec.series?.length ?? 0) > 1 || spec.type === "pie";
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 350,
    textStyle: { fontFamily: "Inter Variable, system-ui, sans-serif", color: colors.text },
    color: TONES.map((tone) => colors[tone]),
    grid: { left: 4, right: 12, top: hasLegend ? 34 : 14, bottom: 4, containLabel: true },
    legend: hasLegend
      ? { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 16, textStyle: { color: colors.label, fontSize: 12 } }
      : undefined,
  };
}

function withUnit(spec, value) {
  return spec.unit ? `${value} ${spec.unit}` : String(value);
}

function lineOrBar(spec, colors) {
  const series = spec.series.map((one, index) => {
    const color = colors[one.tone] ?? colors[TONES[index % TONES.length]];
    return {
      name: one.name, data: one.data, type: spec.type, stack: spec.stacked ? "all" : undefined, color,
      symbol: "circle", symbolSize: 6, showSymbol: false, lineStyle: { width: 2 }, barMaxWidth: 22,
      itemStyle: spec.type === "bar" ? { borderRadius: spec.stacked ? 0 : [3, 3, 0, 0] } : {},
      areaStyle: spec.type === "line" && spec.series.length === 1 ? { opacity: 0.1 } : undefined,
    };
  });
  const formatter = (points) => tip(points[0]?.name, points.map((point) => [point.seriesName, withUnit(spec, point.value)]));
  return { ...axes(spec, colors), series, tooltip: tooltip(colors, "axis", formatter) };
}

function pie(spec, colors) {
  const formatter = (point) => tip(null, [[point.name, `${withUnit(spec, point.value)} (${point.percent} %)`]]);
  const data = spec.series.map((one, index) => ({
    name: one.name, value: one.data[0], itemStyle: { color: colors[one.tone] ?? colors[TONES[index % TONES.length]] },
  }));
  return {
    tooltip: tooltip(colors, "item", formatter),
    series: [{
      type: "pie", radius: ["52%", "78%"], center: ["50%", "56%"], data, label: { show: false },
      itemStyle: { borderColor: colors.surface, borderWidth: 2 },
    }],
  };
}

function heatmap(spec, colors) {
  const cells = spec.rows.flatMap((row, y) => row.data.map((value, x) => [x, y, value]));
  const highest = Math.max(1, ...cells.map(([, , value]) => value));
  const formatter = (point) => {
    const [x, y, value] = point.value;
    return tip(spec.rows[y].name, [[spec.categories[x], withUnit(spec, value)]]);
  };
  const { xAxis } = axes(spec, colors);
  return {
    xAxis: { ...xAxis, axisLine: { show: false } },
    yAxis: {
      type: "category", data: spec.rows.map((row) => row.name), inverse: true, axisLine: { show: false },
      axisTick: { show: false }, axisLabel: { color: colors.label, fontSize: 11 },
    },
    visualMap: { show: false, min: 0, max: highest, inRange: { color: [colors.quiet, colors.primary] } },
    tooltip: tooltip(colors, "item", formatter),
    series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: colors.surface, borderWidth: 2, borderRadius: 3 } }],
  };
}

const BUILDERS = { line: lineOrBar, bar: lineOrBar, pie, heatmap };

export function buildOption(spec) {
  const builder = BUILDERS[spec.type];
  if (!builder) throw new Error(`unknown chart type "${spec.type}"`);
  const colors = readColors();
  return { ...frame(spec, colors), ...builder(spec, colors) };
}
