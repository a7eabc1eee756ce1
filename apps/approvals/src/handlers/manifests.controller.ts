import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, approvalsManifest, fail, ok, policyDecide, type ManifestAnswer, type ManifestBody, type Reply } from '@sallyport/platform-bus';
import { BusOf } from '../bus-of.ts';
import { unaskable } from '../model/askable.ts';
import { manifestShape, manifestText } from '../model/manifest-text.ts';
import { planManifest, type Judgement } from '../model/manifest.ts';
import { Announcer } from '../store/announcer.ts';
import { Approvals } from '../store/approvals.ts';
import { Inventory } from '../store/inventory.ts';
import { Manifests } from '../store/manifests.ts';
import { PublicUrl } from './public-url.ts';

type Request = z.output<(typeof approvalsManifest)['request']>;

/** Statements that policy is asked about at a time. */
const atOnce = 16;
/** Manifests of one machine that may wait for people at a time. */
const mostWaiting = 20;
/** Milliseconds for one of these answers. */
const patience = 5_000;

/** Leave for many statements at once: policy says which of them people must agree to, and who. */
@Controller()
export class ManifestsController {
  constructor(
    private readonly bus: BusOf,
    private readonly approvals: Approvals,
    private readonly manifests: Manifests,
    private readonly announcer: Announcer,
    private readonly inventory: Inventory,
    private readonly url: PublicUrl,
  ) {}

  @Handles(approvalsManifest)
  async ask(asked: Request): Promise<Reply<ManifestAnswer>> {
    const { machine, requester, source, manifest } = asked;
    const known = this.inventory.machine(machine);
    if (known === null) return fail('not-found', `machine ${machine} is not in the inventory`);
    if (known.state !== 'active') return fail('machine-not-active', `the machine ${machine} is in state ${known.state}: it gets no new approvals`);
    const judged = await this.#judge(machine, source, manifest);
    if (!Array.isArray(judged)) return judged;
    const planned = planManifest(asked, judged);
    if ('unsettled' in planned) return fail('unavailable', planned.unsettled);
    if ('refused' in planned) return ok({ approval: null, url: null, expires: null, quorum: [], statements: [], refused: planned.refused });
    const { plan } = planned;
    const statements = plan.entries.map(({ place, shape, times, decision }) => ({ place, shape, times, decision }));
    const quorum = plan.quorum.map(({ group, count }) => ({ group, count }));
    if (quorum.length === 0) return ok({ approval: null, url: null, expires: null, quorum, statements, refused: [] });
    const wish = { owner: known.owner, machine, requester, quorum };
    if ((await this.manifests.waiting(machine, plan.digest)) >= mostWaiting) return fail('rate-limited', `${mostWaiting} manifests of ${machine} wait for people already: let them answer first`);
    const refused = unaskable(this.inventory, wish);
    if (refused !== null) return refused;
    const { id, expires, voided } = await this.approvals.open(
      {
        request: {
          ...wish, session: null, command: null, target: manifest.target, environment: this.inventory.environment(manifest.target), source, shape: manifestShape(asked, plan), effects: [],
          rules: [...plan.rules], say: plan.say, binding: plan.digest, slice: plan.slice, subject: { kind: 'manifest', id: plan.digest },
        },
        text: manifestText(asked, plan), parameters: null, expiresIn: manifest.expiresIn,
      },
      (trx, approval, state) => this.manifests.add(trx, approval, state, manifest.role, plan),
    );
    for (const earlier of voided) await this.announcer.announce(earlier.id, earlier.acted);
    return ok({ approval: id, url: this.url.of(id), expires, quorum, statements, refused: [] });
  }

  /** What policy says of each, in order; or why it says nothing. */
  async #judge(machine: string, source: string, { target, role, searchPath, statements }: ManifestBody): Promise<Judgement[] | Reply<never>> {
    const judged: Judgement[] = [];
    for (let from = 0; from < statements.length; from += atOnce) {
      const some = statements.slice(from, from + atOnce).map(({ text }) => this.bus.bus.call(policyDecide, { machine, target, role, text, searchPath, at: null, source }, patience));
      for (const reply of await Promise.all(some)) {
        if (!reply.ok && reply.error.code !== 'unreadable') return fail(reply.error.code === 'not-found' || reply.error.code === 'invalid' ? reply.error.code : 'unavailable', reply.error.say);
        judged.push(reply.ok ? { ok: true, value: reply.value } : { ok: false, say: reply.error.say });
      }
    }
    return judged;
  }
}
