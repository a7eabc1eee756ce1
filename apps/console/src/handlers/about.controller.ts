import { Controller, Get } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Bus } from '@sallyport/platform-bus';
import { LoginPlaces } from '../auth/login-places.ts';
import { Me, type Identity } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { Gateways } from '../model/gateways.ts';
import { health } from '../model/health.ts';
import { OpenApi } from '../openapi.ts';
import { version } from '../version.ts';
import { Answers } from './answers.ts';
import { healthAnswer, loginAnswer, me } from './shapes.ts';

@Controller('v1')
export class AboutController {
  readonly #bus: Bus;

  constructor(
    { bus }: BusOf,
    private readonly api: OpenApi,
    private readonly places: LoginPlaces,
    private readonly gateways: Gateways,
  ) {
    this.#bus = bus;
  }

  @Get('login')
  @Answers('where people log in, for `sallyport login`; asked without a token', loginAnswer)
  async logins(): Promise<z.output<typeof loginAnswer>> {
    return { issuers: await this.places.all() };
  }

  @Get('me')
  @Answers('who you are', me)
  me(@Me() { person, roles, groups, tokenExpires }: Identity): z.output<typeof me> {
    return { person, roles: [...roles], groups: [...groups], tokenExpires };
  }

  @Get('health')
  @Answers('which services answer', healthAnswer)
  async health(): Promise<z.output<typeof healthAnswer>> {
    return { version, services: [{ service: 'console', ok: true, say: 'answers' }, ...(await health(this.#bus)), ...this.gateways.health()] };
  }

  @Get('openapi.json')
  @ApiExcludeEndpoint()
  openApi(): OpenAPIObject {
    return this.api.document;
  }
}
