import { describe, expect, it } from 'vitest';
import { counter, gauge, histogram, metricsText } from './metrics.ts';

describe('metrics', () => {
  it('gives the same metric for the same name, and all of them in one text', async () => {
    counter('sallyport_test_total', 'help', ['kind']).inc({ kind: 'a' });
    counter('sallyport_test_total', 'help', ['kind']).inc({ kind: 'a' }, 2);
    gauge('sallyport_test_depth', 'help', [], () => 7);
    histogram('sallyport_test_seconds', 'help').observe(0.002);
    const { type, text } = await metricsText();
    expect(type).toMatch(/^text\/plain/);
    expect(text).toContain('sallyport_test_total{kind="a"} 3');
    expect(text).toContain('sallyport_test_depth 7');
    expect(text).toContain('sallyport_test_seconds_bucket{le="0.0025"} 1');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });
});
