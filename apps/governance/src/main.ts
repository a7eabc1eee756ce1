import { runService } from '@sallyport/platform-runtime';
import { governanceConfig } from './config.ts';
import { startGovernance } from './service.ts';

await runService({
  name: 'governance',
  config: governanceConfig,
  start: ({ config, env, log, bus, readiness }) => startGovernance({ config, tenant: env.tenant, log, bus, readiness }),
});
