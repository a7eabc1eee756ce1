import { runService } from '@sallyport/platform-runtime';
import { maskingConfig } from './config.ts';
import { startMasking } from './service.ts';

await runService({
  name: 'masking',
  config: maskingConfig,
  start: ({ config, env, log, bus, readiness }) => startMasking({ config, tenant: env.tenant, log, bus, readiness }),
});
