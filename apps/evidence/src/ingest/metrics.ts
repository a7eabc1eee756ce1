import { counter, gauge, histogram } from '@sallyport/platform-telemetry';

export const ingested = counter('sallyport_evidence_events_total', 'Events added to the ledger');
export const repeated = counter('sallyport_evidence_repeated_events_total', 'Events that came again and were there already');
export const strangers = counter('sallyport_evidence_quarantined_messages_total', 'Messages that are no events and were kept aside');
export const conflicts = counter('sallyport_evidence_equivocations_total', 'Events that claimed a number that another event has');
export const batches = histogram('sallyport_evidence_batch_seconds', 'Time from the end of a batch to its commit');
export const batchSize = histogram('sallyport_evidence_batch_events', 'Events in a batch', [], [1, 2, 5, 10, 20, 50, 100, 200, 500]);
export const lag = gauge('sallyport_evidence_lag_events', 'Messages of the stream that are not yet in the ledger');
export const gaps = counter('sallyport_evidence_gaps_total', 'Holes told as log.gap');
export const abandoned = counter('sallyport_evidence_abandoned_sessions_total', 'Sessions told as session.abandoned');
export const silences = counter('sallyport_evidence_silences_total', 'Silences of producers told as producer.silent');
export const keyConflicts = counter('sallyport_evidence_key_conflicts_total', 'Keys of producers told as key.conflict');
