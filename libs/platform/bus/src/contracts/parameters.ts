import { z } from 'zod';
import type { ShownParameters } from '@sallyport/domain-model';

/** The domain's ShownParameters: bound parameters for people's eyes. */
export const shownParameters = z.strictObject({
  list: z.array(z.strictObject({ name: z.string(), kind: z.enum(['null', 'text', 'plain', 'bytes']), value: z.string(), leftOut: z.int(), note: z.string().nullable() })).readonly(),
  missing: z.string().nullable(),
}) satisfies z.ZodType<ShownParameters>;
