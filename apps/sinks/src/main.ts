import { runService } from '@sallyport/platform-runtime';
import { sinksConfig } from './config.ts';
import { startSinks } from './service.ts';

await runService({
  name: 'sinks',
  config: sinksConfig,
  start: ({ config, env, log, bus, readiness }) => startSinks({ config, tenant: env.tenant, state: env.state, log, bus, readiness }),
});
