import type { LoggerService } from '@nestjs/common';
import type { Fields, Log } from '@sallyport/platform-telemetry';

type Level = 'debug' | 'info' | 'warn' | 'error';

/**
 * Nest's log lines in the service's log. Nest says `log` for each route and module at boot: that is `debug` here. What a caller gives besides
 * the message becomes fields: an object as it is (redacted by the log), an Error as `error`, the last text as `context`.
 */
export class NestLog implements LoggerService {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  #write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.findLast((part) => typeof part === 'string');
    const objects = rest.filter((part) => typeof part === 'object' && part !== null);
    const fields: Fields = Object.assign({}, ...objects.map((part) => (part instanceof Error ? { error: part } : part)), context === undefined ? {} : { context });
    if (message instanceof Error) this.#log[level]('an error in the framework', { ...fields, error: message });
    else this.#log[level](typeof message === 'string' ? message : 'a message of the framework', typeof message === 'object' ? { ...fields, message } : fields);
  }
}
