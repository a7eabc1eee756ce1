import { Module } from '@nestjs/common';
import { z } from 'zod';
import { runService } from '../run-service.ts';

/** A service that only runs, to see how a process begins and ends. `SAMPLE` says what it does on the way. */
class SampleModule {}
Module({})(SampleModule);

await runService({
  name: 'masking',
  config: z.object({ SAMPLE: z.enum(['run', 'refuse', 'throw', 'hang']), SAMPLE_KEY: z.string().min(10) }),
  start: async ({ config, readiness, log }) => {
    if (config.SAMPLE === 'refuse') throw new Error('the sample does not want to start');
    if (config.SAMPLE === 'throw') setTimeout(() => void Promise.reject(new Error('nobody catches this')), 300);
    let warm = false;
    setTimeout(() => (warm = true), 200);
    readiness.add('sample', () => (warm ? null : 'warmth'));
    const say = (part: string) => () => {
      log.info('stops', { part });
      return config.SAMPLE === 'hang' && part === 'service' ? new Promise<void>(() => undefined) : Promise.resolve();
    };
    return { module: SampleModule, stop: say('service'), outbox: { stop: say('outbox') }, store: { close: say('store') } };
  },
});
