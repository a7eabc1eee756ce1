import { runService } from '@sallyport/platform-runtime';
import { evidenceConfig } from './config.ts';
import { startEvidence } from './service.ts';

await runService({
  name: 'evidence',
  config: evidenceConfig,
  start: ({ config, env, log, bus, readiness }) => startEvidence({ config, tenant: env.tenant, state: env.state, log, bus, readiness }),
});
