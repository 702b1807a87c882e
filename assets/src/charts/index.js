// Draws [data-chart="id of a JSON script"]: line, bar, heatmap, pie, in the page's own colours.
import { BarChart, HeatmapChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { buildOption } from "./options.js";

echarts.use([
  AriaComponent, BarChart, GridComponent, HeatmapChart, LegendComponent, LineChart, PieChart, SVGRenderer,
  TooltipComponent, VisualMapComponent,
]);

const drawn = new Map();
const resizer = new ResizeObserver((entries) => {
  for (const { target } of entries) drawn.get(target)?.resize();
});

function draw(element) {
  const source = document.getElementById(element.dataset.chart);
  if (!source) return;
  const chart = drawn.get(element) ?? echarts.init(element, null, { renderer: "svg" });
  drawn.set(element, chart);
  chart.setOption(buildOption(JSON.parse(source.textContent)), { notMerge: true });
}

function drawAll() {
  for (const [element, chart] of drawn) {
    if (element.isConnected) continue;
    chart.dispose();
    drawn.delete(element);
  }
  for (const element of document.querySelectorAll("[data-chart]")) {
    if (drawn.has(element)) continue;
    draw(element);
    resizer.observe(element);
  }
}

drawAll();
document.addEventListener("htmx:after:swap", drawAll);
document.addEventListener("theme:change", () => [...drawn.keys()].forEach(draw));
