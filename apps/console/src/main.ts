import { runService } from '@sallyport/platform-runtime';
import { consoleConfig, tlsOf } from './config.ts';
import { consoleService } from './service.ts';

/** A directory of configuration is one request; the bus takes messages of this size too. */
const bodyLimit = 4 * 1024 * 1024;

await runService({
  name: 'console',
  config: consoleConfig,
  http: { bodyLimit, tls: tlsOf },
  start: ({ config, bus, log }) => consoleService({ config, bus, log }),
});
