import { counter, gauge } from '@sallyport/platform-telemetry';

export const published = counter('sallyport_evidence_published_events_total', 'Leaves that the stream EVIDENCE has acknowledged');
export const checkpointsPublished = counter('sallyport_evidence_published_checkpoints_total', 'Checkpoints that the stream EVIDENCE has acknowledged');
export const publishLag = gauge('sallyport_evidence_publish_lag_events', 'Leaves of the ledger that are not yet in the stream EVIDENCE, as seen by the publisher that is at work');
export const resumed = counter('sallyport_evidence_publish_resumed_total', 'Times that the publisher looked anew where the stream ends: at its start, and after every refusal or silence of the bus');
export const missing = counter('sallyport_evidence_published_missing_total', 'Leaves that were published without a body, because the ledger has none any more');
export const forked = counter('sallyport_evidence_publish_forks_total', 'Times that the stream held leaves which are not those of the ledger: a restored database');
