import { runService } from '@sallyport/platform-runtime';
import { identityConfig } from './config.ts';
import { startIdentity } from './service.ts';

await runService({
  name: 'identity',
  config: identityConfig,
  start: ({ config, env, log, bus, readiness }) => startIdentity({ config, tenant: env.tenant, log, bus, readiness }),
});
