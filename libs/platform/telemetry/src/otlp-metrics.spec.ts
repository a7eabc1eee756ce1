import { DataPointType } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { counter, gauge, histogram } from './metrics.ts';
import { RegistryProducer } from './otlp-metrics.ts';

describe('RegistryProducer', () => {
  it('gives the registry’s counters, gauges and histograms as OTLP metrics', async () => {
    counter('otlp_total', 'help', ['kind']).inc({ kind: 'a' }, 3);
    gauge('otlp_depth', 'help').set(7);
    const seconds = histogram('otlp_seconds', 'help', ['subject'], [0.1, 1]);
    for (const value of [0.05, 0.5, 0.6, 5]) seconds.observe({ subject: 's' }, value);
    seconds.observe({ subject: 't' }, 0.05);
    const { resourceMetrics } = await new RegistryProducer().collect();
    const found = new Map(resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics).map((metric) => [metric.descriptor.name, metric]));
    expect(found.get('otlp_total')).toMatchObject({ dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: [{ attributes: { kind: 'a' }, value: 3 }] });
    expect(found.get('otlp_depth')).toMatchObject({ dataPointType: DataPointType.GAUGE, dataPoints: [{ value: 7 }] });
    expect(found.get('otlp_seconds')).toMatchObject({
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: [
        { attributes: { subject: 's' }, value: { buckets: { boundaries: [0.1, 1], counts: [1, 2, 1] }, count: 4, sum: 6.15 } },
        { attributes: { subject: 't' }, value: { buckets: { boundaries: [0.1, 1], counts: [1, 0, 0] }, count: 1 } },
      ],
    });
  });
});
