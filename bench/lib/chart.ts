/** Decides how a comparison is drawn: horizontal bars on a logarithmic or linear scale, as SVG that needs no browser. */
import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { LegacyGridContainLabel } from 'echarts/features';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, GridComponent, TitleComponent, LegendComponent, LegacyGridContainLabel, SVGRenderer]);

export interface Bars {
  readonly title: string;
  readonly subtitle: string;
  readonly scale: 'linear' | 'logarithmic';
  /** Of the numbers beside the bars. */
  readonly format: (value: number) => string;
  readonly categories: readonly string[];
  /** The category this chart is about. */
  readonly highlight: string;
  /** One value per category. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const ink = '#1e293b';
const faint = '#64748b';
const accent = '#0f766e';
/** Told apart without colour too: from dark to light. */
const palette = ['#0f766e', '#f59e0b', '#94a3b8'];
/** Without quotes: the renderer puts it into an attribute as it is. */
const fontFamily = 'system-ui, -apple-system, Roboto, Arial, sans-serif';

const width = 860;
const barHeight = 15;
const head = 76;
const foot = 48;

export function drawBars({ title, subtitle, scale, format, categories, highlight, series }: Bars): string {
  const height = head + foot + categories.length * (series.length * (barHeight + 2) + 14);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: palette,
    textStyle: { fontFamily, color: ink },
    title: {
      text: title,
      subtext: subtitle,
      left: 16,
      top: 14,
      itemGap: 6,
      textStyle: { fontSize: 17, fontWeight: 600, color: ink, fontFamily },
      subtextStyle: { fontSize: 12, color: faint, fontFamily },
    },
    legend: { bottom: 10, left: 16, itemWidth: 12, itemHeight: 12, itemGap: 18, textStyle: { color: ink } },
    grid: { left: 16, right: 96, top: head, bottom: foot, containLabel: true },
    xAxis: {
      type: scale === 'logarithmic' ? 'log' : 'value',
      axisLabel: { show: false },
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: '#eef2f6' } },
      ...(scale === 'logarithmic' ? { min: powerBelow(series) } : { min: 0 }),
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: [...categories],
      axisLine: { lineStyle: { color: '#cbd5e1' } },
      axisTick: { show: false },
      axisLabel: {
        color: ink,
        fontSize: 13,
        formatter: (name: string) => (name === highlight ? `{highlight|${name}}` : name),
        rich: { highlight: { color: accent, fontWeight: 700, fontSize: 13 } },
      },
    },
    series: series.map(({ name, values }) => ({
      type: 'bar',
      name,
      barWidth: barHeight,
      barGap: '12%',
      itemStyle: { borderRadius: [0, 3, 3, 0] },
      label: {
        show: true,
        position: 'right',
        fontSize: 12,
        color: ink,
        formatter: ({ value }: { value: unknown }) => format(Number(value)),
      },
      data: [...values],
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** A logarithmic bar starts somewhere: low enough that the least is seen. */
function powerBelow(series: Bars['series']): number {
  const least = Math.min(...series.flatMap(({ values }) => values));
  return 10 ** Math.floor(Math.log10(least) - 0.3);
}
