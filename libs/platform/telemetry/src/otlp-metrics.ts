import { ValueType, type HrTime } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type CollectionResult, type DataPoint, type Histogram, type MetricData, type MetricProducer } from '@opentelemetry/sdk-metrics';
import { registry } from './metrics.ts';

type Metric = Awaited<ReturnType<typeof registry.getMetricsAsJSON>>[number];
type Labels = Record<string, string | number>;

/** The process's one registry as a source of OTLP metrics, so that nothing is counted twice in two libraries. Summaries are left out. */
export class RegistryProducer implements MetricProducer {
  readonly #since: HrTime = hrTime(Date.now());

  async collect(): Promise<CollectionResult> {
    const now = hrTime(Date.now());
    const metrics = (await registry.getMetricsAsJSON()).flatMap((metric) => convert(metric, this.#since, now) ?? []);
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: { name: 'sallyport' }, metrics }] }, errors: [] };
  }
}

function convert(metric: Metric, startTime: HrTime, endTime: HrTime): MetricData | null {
  const common = { descriptor: { name: metric.name, description: metric.help, unit: '', valueType: ValueType.DOUBLE }, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  const points = () => metric.values.map(({ labels, value }): DataPoint<number> => ({ startTime, endTime, attributes: { ...labels }, value }));
  switch (String(metric.type)) {
    case 'counter':
      return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() };
    case 'gauge':
      return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: points() };
    case 'histogram':
      return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints: histograms(metric).map(([attributes, value]) => ({ startTime, endTime, attributes, value })) };
    default:
      return null;
  }
}

interface Series {
  readonly labels: Labels;
  readonly buckets: { readonly boundary: number; readonly cumulative: number }[];
  sum: number;
  count: number;
}

/** The registry lists a histogram as single lines `name_bucket{le}`, `name_sum`, `name_count`: gathered by their other labels. */
function histograms(metric: Metric): [Labels, Histogram][] {
  const series = new Map<string, Series>();
  for (const line of metric.values) {
    const { le, ...labels }: Record<string, string | number | undefined> = line.labels;
    const own = seriesOf(series, present(labels));
    const kind = 'metricName' in line ? String(line.metricName).slice(metric.name.length) : '';
    if (kind === '_bucket') own.buckets.push({ boundary: Number(le === '+Inf' ? Infinity : le), cumulative: line.value });
    else if (kind === '_sum') own.sum = line.value;
    else if (kind === '_count') own.count = line.value;
  }
  return [...series.values()].map((one) => [one.labels, histogramOf(one)]);
}

function seriesOf(series: Map<string, Series>, labels: Labels): Series {
  const key = JSON.stringify(Object.entries(labels).sort());
  const known = series.get(key);
  if (known !== undefined) return known;
  const made: Series = { labels, buckets: [], sum: 0, count: 0 };
  series.set(key, made);
  return made;
}

function histogramOf({ buckets, sum, count }: Series): Histogram {
  const sorted = buckets.toSorted((a, b) => a.boundary - b.boundary);
  const counts = sorted.map((bucket, i) => bucket.cumulative - (sorted[i - 1]?.cumulative ?? 0));
  return { buckets: { boundaries: sorted.map((bucket) => bucket.boundary).filter(Number.isFinite), counts }, sum, count };
}

function present(labels: Record<string, string | number | undefined>): Labels {
  const out: Labels = {};
  for (const [name, value] of Object.entries(labels)) if (value !== undefined) out[name] = value;
  return out;
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
