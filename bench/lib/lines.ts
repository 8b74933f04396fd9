/** Decides how figures over time are drawn, with a stretch of time marked, as SVG that needs no browser. */
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkAreaComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineChart, GridComponent, TitleComponent, LegendComponent, MarkAreaComponent, SVGRenderer]);

export interface Lines {
  readonly title: string;
  readonly subtitle: string;
  /** Of the vertical axis, which is logarithmic. */
  readonly unit: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [seconds: number, value: number])[];
    /** What is marked of it. */
    readonly marked: readonly [from: number, to: number];
  }[];
}

const colours = ['#0f766e', '#f59e0b'];
const fontFamily = 'system-ui, -apple-system, Roboto, Arial, sans-serif';

export function drawLines({ title, subtitle, unit, series }: Lines): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 860, height: 380 });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: colours,
    textStyle: { fontFamily },
    title: { text: title, subtext: subtitle, left: 16, top: 14, textStyle: { fontSize: 17, fontFamily } },
    legend: { bottom: 10, left: 16 },
    grid: { left: 60, right: 24, top: 84, bottom: 64 },
    xAxis: { type: 'value', name: 's', axisLabel: { formatter: '{value} s' } },
    yAxis: { type: 'log', name: unit },
    series: series.map(({ name, points, marked: [from, to] }, index) => ({
      type: 'line',
      name,
      showSymbol: false,
      data: points.map((point) => [...point]),
      markArea: {
        silent: true,
        itemStyle: { color: colours[index], opacity: 0.12 },
        data: [[{ xAxis: from }, { xAxis: to }]],
      },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
