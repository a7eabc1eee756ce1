import { counter } from '@sallyport/platform-telemetry';

/** What Prometheus counts of sessions. Labels are closed lists. */
export const sessionMetrics = {
  opened: counter('sallyport_sessions_opened_total', 'Sessions opened', ['protocol']),
  refused: counter('sallyport_sessions_refused_total', 'Connections that did not become a session', ['code']),
};
