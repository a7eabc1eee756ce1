import type { Control } from '../control.ts';
import { noData } from './no-data.ts';

export const ep20: Control = {
  id: 'EP-20',
  title: 'Bypass',
  question: 'Can the control be bypassed: did anything reach the target other than through the gateway?',
  exception: 'A connection in the target\'s own log has no session of the gateway, and nobody has explained it.',
  query: 'Connections in the target\'s own log minus the sessions of the gateway.',
  reads: [],
  examine: () => noData('the connection logs of targets are not reconciled with the gateway\'s sessions in this version', ['target', 'connection', 'at', 'source', 'explained_by']),
};
