import { pino, type DestinationStream, type Logger } from 'pino';
import { redact } from './redact.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What every part of the product logs with. The message is a constant sentence; what varies goes into the fields, which are redacted. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same log with these fields on each line. */
  child(fields: Fields): Log;
}

const levels = new Set(['debug', 'info', 'warn', 'error', 'silent']);

/**
 * A JSON log on standard output: one object a line with `level`, `time`, `service`, `msg`. The level is `level`, else
 * SALLYPORT_LOG_LEVEL, else `info`; an unknown one is read as `info`.
 */
export function createLog(options: { readonly service: string; readonly level?: string; readonly to?: DestinationStream }): Log {
  const asked = options.level ?? process.env['SALLYPORT_LOG_LEVEL'] ?? 'info';
  const settings = {
    level: levels.has(asked) ? asked : 'info',
    base: { service: options.service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(options.to === undefined ? pino(settings, pino.destination({ dest: 1, sync: true })) : pino(settings, options.to));
}

/** A log that prints nothing. */
export const silentLog: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silentLog };

function wrap(logger: Logger): Log {
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: Fields) => {
    if (!logger.isLevelEnabled(level)) return;
    if (fields === undefined) logger[level](message);
    else logger[level](safe(fields), message);
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error'), child: (fields) => wrap(logger.child(safe(fields))) };
}

function safe(fields: Fields): Record<string, unknown> {
  const redacted = redact(fields);
  return typeof redacted === 'object' && redacted !== null ? { ...redacted } : {};
}
