import { counter, gauge } from '@sallyport/platform-telemetry';

export const sinkLag = gauge('sallyport_sink_lag_events', 'Leaves of the log that a sink was not given yet', ['sink']);
export const sinkLagSeconds = gauge('sallyport_sink_lag_seconds', 'Age of the oldest leaf that a sink was not given yet', ['sink']);
export const sinkDelivered = counter('sallyport_sink_delivered_total', 'Records that a sink has taken', ['sink']);
export const sinkFailures = counter('sallyport_sink_failures_total', 'Attempts that failed, by their code', ['sink', 'code']);
export const sinkStalled = gauge('sallyport_sink_stalled', '1 while the last attempts of a sink failed, with the code of the last one', ['sink', 'code']);
