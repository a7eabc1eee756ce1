import { counter, gauge } from '@sallyport/platform-telemetry';

export const asked = counter('sallyport_evidence_witness_requests_total', 'Checkpoints that a witness was asked to cosign, by what came of it: cosigned, refused (it has cosigned something else), failed', ['witness', 'outcome']);
export const witnessed = gauge('sallyport_evidence_witnessed_leaves', 'Size of the last checkpoint that the witness has cosigned', ['witness']);
