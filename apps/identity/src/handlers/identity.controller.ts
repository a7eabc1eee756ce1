import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, fail, identityApply, identityExplain, identityList, identityResolve, identitySshAuthorities, identitySshHostCert, identitySshUpstreamCert, ok, type Reply } from '@sallyport/platform-bus';
import { Certifier } from '../exchange/certifier.ts';
import { ownedKinds } from '../model/document.ts';
import { Applier } from '../store/applier.ts';
import { Explainer } from '../store/explainer.ts';
import { Registry } from '../store/registry.ts';
import { Resolver } from '../store/resolver.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What the other services ask of identity. */
@Controller()
export class IdentityController {
  constructor(
    private readonly resolver: Resolver,
    private readonly applier: Applier,
    private readonly explainer: Explainer,
    private readonly registry: Registry,
    private readonly certifier: Certifier,
  ) {}

  @Handles(identityResolve)
  resolve(request: Request<typeof identityResolve>): Answer<typeof identityResolve> {
    return this.resolver.resolve(request);
  }

  @Handles(identitySshUpstreamCert)
  certifyLogin(request: Request<typeof identitySshUpstreamCert>): Answer<typeof identitySshUpstreamCert> {
    return this.certifier.login(request);
  }

  @Handles(identitySshHostCert)
  certifyHost({ gateway, publicKey, names }: Request<typeof identitySshHostCert>): Answer<typeof identitySshHostCert> {
    return this.certifier.host(gateway, publicKey, names);
  }

  @Handles(identitySshAuthorities)
  authorities(): Reply<z.output<(typeof identitySshAuthorities)['value']>> {
    return ok(this.certifier.authoritiesAsLines());
  }

  @Handles(identityExplain)
  explain({ by, token }: Request<typeof identityExplain>): Answer<typeof identityExplain> {
    return this.explainer.explain(by, token);
  }

  @Handles(identityApply)
  apply(request: Request<typeof identityApply>): Answer<typeof identityApply> {
    return this.applier.apply(request);
  }

  /** The documents that stand, of one kind, in the order of their names. */
  @Handles(identityList)
  async list({ kind, name }: Request<typeof identityList>): Answer<typeof identityList> {
    if (!ownedKinds.some((one) => one === kind)) return fail('invalid', `kind: identity keeps ${ownedKinds.join(', ')}`);
    const inventory = await this.registry.follow();
    if (name !== null) {
      const document = inventory.standing(kind, name)?.document ?? null;
      return ok({ documents: document === null ? [] : [document] });
    }
    const { documents } = inventory;
    return ok({ documents: documents.filter((one) => one.kind === kind).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)) });
  }
}
