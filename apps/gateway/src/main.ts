import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { runService } from '@sallyport/platform-runtime';
import { gatewayConfig } from './config.ts';
import { Gateway } from './gateway.ts';

/** Nest is the shell of the service (health, metrics, shutdown); connections are plain objects and never see it. */
@Module({})
class GatewayModule {}

await runService({
  name: 'gateway',
  config: gatewayConfig,
  async start(context) {
    const gateway = await Gateway.start(context);
    return { module: GatewayModule, stop: () => gateway.stop() };
  },
});
