import { Controller } from '@nestjs/common';
import { evidenceExport, fail, Handles, type Reply } from '@sallyport/platform-bus';
import type { z } from 'zod';
import { Exports } from './exports.ts';
import { Reads } from './reads.ts';

/** Examiner packs: made elsewhere, recorded and signed for here. A refused one is recorded too. */
@Controller()
export class ExportController {
  constructor(
    private readonly exports: Exports,
    private readonly reads: Reads,
  ) {}

  @Handles(evidenceExport)
  async export({ by, origin, manifest, scope, from, to, count }: z.output<(typeof evidenceExport)['request']>): Promise<Reply<z.output<(typeof evidenceExport)['value']>>> {
    if (by.roles.includes('auditor')) return this.exports.sign(by, { origin, manifest, scope, from, to, count });
    await this.reads.note(by, 'operator.acted', { action: 'evidence.export', object: scope.slice(0, 64), ok: false, code: 'denied' });
    return fail('denied', 'an examiner pack needs the role auditor');
  }
}
