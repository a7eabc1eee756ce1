import { setTracing } from './session-trace.ts';

/** Stops tracing after what was recorded has been sent, or after two seconds. */
export type StopTracing = () => Promise<void>;

/**
 * Starts OpenTelemetry traces and metrics over OTLP/HTTP when OTEL_EXPORTER_OTLP_ENDPOINT is set; else does nothing and loads
 * nothing. The other OTEL_* variables work as the specification says. No automatic instrumentation: spans are named by hand, so
 * that no statement text or value can get into one. The metrics are those of `/metrics`.
 */
export async function startTracing(service: string): Promise<StopTracing> {
  if ((process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') === '') return () => Promise.resolve();
  process.env['OTEL_LOGS_EXPORTER'] ??= 'none';
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({ serviceName: service, instrumentations: [], metricReaders: await readers() });
  sdk.start();
  setTracing(true);
  return () => {
    setTracing(false);
    return Promise.race([sdk.shutdown().catch(() => undefined), new Promise<void>((done) => setTimeout(done, 2000).unref())]);
  };
}

async function readers() {
  if (process.env['OTEL_METRICS_EXPORTER'] === 'none') return [];
  const { PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics');
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
  const { RegistryProducer } = await import('./otlp-metrics.ts');
  const interval = Number(process.env['OTEL_METRIC_EXPORT_INTERVAL'] ?? 60_000);
  return [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), metricProducers: [new RegistryProducer()], exportIntervalMillis: interval, exportTimeoutMillis: Math.min(interval, 30_000) })];
}
