import { runService } from '@sallyport/platform-runtime';
import { policyConfig } from './config.ts';
import { startPolicy } from './service.ts';

await runService({
  name: 'policy',
  config: policyConfig,
  start: ({ config, env, log, bus, readiness }) => startPolicy({ config, tenant: env.tenant, log, bus, readiness }),
});
