import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { problem } from './shapes.ts';

/** What a route answers, for people and for the OpenAPI document. Answers of success are always 200. */
export const Answers = (summary: string, value: z.ZodType): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    ApiOperation({ summary }),
    ApiBearerAuth(),
    ApiOkResponse({ standardSchema: value }),
    ApiResponse({ status: 'default', description: 'refused or failed', standardSchema: problem }),
  );
