import { Body } from './body.ts';
import { Fields } from './fields.ts';

export interface Notification {
  readonly pid: number;
  readonly channel: string;
  readonly payload: string;
}

/** NotificationResponse (B) 'A': Int32 process id, channel, payload. @throws MalformedMessageError */
export function readNotification(bytes: Buffer, start: number, end: number): Notification {
  const fields = new Fields('NotificationResponse', bytes, start, end);
  const pid = fields.int32('process id');
  const channel = fields.text('channel');
  const payload = fields.text('payload');
  fields.done();
  return { pid, channel, payload };
}

export function writeNotification(pid: number, channel: string, payload: string): Buffer {
  return new Body().int32(pid).text(channel).text(payload).frame('A');
}
