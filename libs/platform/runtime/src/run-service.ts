import { createLog, type Log } from '@sallyport/platform-telemetry';
import { boot, type Running } from './boot.ts';
import { EnvironmentError } from './environment.ts';
import type { ServiceDefinition } from './service.ts';

/** How long going down may take, in milliseconds. */
const patienceMs = 20_000;

/**
 * Runs a service as this process. Logs one line when it is ready; ends with code 0 after SIGTERM or SIGINT (a second signal ends it at once), 2 when
 * the environment is wrong, 1 when it cannot start or something was thrown that nobody caught.
 */
export async function runService<C>(definition: ServiceDefinition<C>): Promise<void> {
  const log = createLog({ service: definition.name });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error('uncaught: the process ends', { event, error });
      process.exit(1);
    });
  }
  try {
    const running = await boot(definition, process.env, log);
    onSignal(running, log);
    await tellWhenReady(running, log);
  } catch (error) {
    process.exit(report(error, log));
  }
}

function report(error: unknown, log: Log): number {
  if (error instanceof EnvironmentError) {
    for (const line of error.lines) process.stderr.write(`${line}\n`);
    return 2;
  }
  log.error('the service could not start', { error });
  return 1;
}

function onSignal(running: Running, log: Log): void {
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (++signals > 1) process.exit(1);
      log.info('going down', { signal });
      setTimeout(() => process.exit(1), patienceMs).unref();
      void running.stop().then(() => {
        log.info('down');
        process.exit(0);
      });
    });
  }
}

/** Looks four times a second; every ten seconds it says what it still waits for. */
async function tellWhenReady(running: Running, log: Log): Promise<void> {
  for (let looks = 0; ; looks++) {
    const waiting = running.readiness.waiting();
    if (Object.keys(waiting).length === 0) break;
    if (waiting['service'] === 'stop') return;
    if (looks % 40 === 39) log.warn('not ready yet', { waiting });
    await new Promise<void>((done) => setTimeout(done, 250));
  }
  log.info('ready', { http: running.http });
}
