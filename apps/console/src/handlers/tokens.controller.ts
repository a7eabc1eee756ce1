import { Body, Controller, Post } from '@nestjs/common';
import type { z } from 'zod';
import { identityExplain, type Bus, type Caller, type TokenExplanation } from '@sallyport/platform-bus';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { tokenBody } from './shapes.ts';

/** The token goes to identity and nowhere else. Who asked is recorded there. */
@Controller('v1/tokens')
export class TokensController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Post('explain')
  @Answers('which machine or person a token would be, and why not; it is not used by that. Each question is recorded', identityExplain.value)
  async explain(@By() by: Caller, @Body({ schema: tokenBody }) { token }: z.output<typeof tokenBody>): Promise<TokenExplanation> {
    return valueOf(await this.#bus.call(identityExplain, { by, token }, 10_000));
  }
}
