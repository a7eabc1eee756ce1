import { runService } from '@sallyport/platform-runtime';
import { approvalsConfig } from './config.ts';
import { startApprovals } from './service.ts';

await runService({
  name: 'approvals',
  config: approvalsConfig,
  start: ({ config, env, log, bus, readiness }) => startApprovals({ config, tenant: env.tenant, log, bus, readiness }),
});
