/** A page as a person without scripts sees it. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const longestWay = 20;

/** Goes from page to page by links and forms, keeps cookies by path, follows redirects within one origin. No scripts run. */
export class FormBrowser {
  readonly #cookies: { readonly name: string; readonly value: string; readonly path: string }[] = [];
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  async open(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    let at = new URL(url, this.#origin);
    let body: URLSearchParams | null = form === undefined ? null : new URLSearchParams(form);
    for (let way = 0; way < longestWay; way++) {
      if (at.origin !== this.#origin) throw new Error(`led away to ${at.origin}`);
      const response = await fetch(at, { method: body === null ? 'GET' : 'POST', redirect: 'manual', headers: { cookie: this.#cookiesFor(at.pathname), 'sec-fetch-site': 'same-origin' }, ...(body === null ? {} : { body }) });
      this.#take(response, at.pathname);
      const location = response.headers.get('location');
      if (location === null) return { url: at.href, status: response.status, headers: response.headers, text: await response.text() };
      at = new URL(location, at);
      body = null;
    }
    throw new Error('led in a circle');
  }

  /** Sends the first form of a page: its hidden fields, and what was typed or pressed. */
  submit(page: Page, typed: Readonly<Record<string, string>> = {}): Promise<Page> {
    const tag = /<form[^>]*>/i.exec(page.text)?.[0];
    if (tag === undefined) throw new Error(`no form on the page: ${page.text.slice(0, 400)}`);
    const hidden = [...page.text.matchAll(/<input[^>]*type="hidden"[^>]*>/gi)].map(([input]) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? ''] as const);
    return this.open(new URL(attribute(tag, 'action') ?? page.url, page.url).href, { ...Object.fromEntries(hidden), ...typed });
  }

  #take(response: Response, path: string): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const cookie = { name, value: pair.slice(pair.indexOf('=') + 1), path: attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? path };
      const old = this.#cookies.findIndex((one) => one.name === name && one.path === cookie.path);
      if (old >= 0) this.#cookies.splice(old, 1);
      if (cookie.value !== '') this.#cookies.push(cookie);
    }
  }

  #cookiesFor(path: string): string {
    return this.#cookies.filter((cookie) => path.startsWith(cookie.path)).map(({ name, value }) => `${name}=${value}`).join('; ');
  }
}

/** What a person does on the demo issuer's pages after `sallyport login` showed the address: confirm the code, pick a name. The last page comes back. */
export async function logInOnPages(verificationUri: string, person: string): Promise<Page> {
  const browser = new FormBrowser(new URL(verificationUri).origin);
  const confirm = await browser.submit(await browser.open(verificationUri));
  return browser.submit(await browser.submit(confirm, { confirm: 'yes' }), { person });
}

const attribute = (tag: string, name: string): string | undefined => new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1]?.replaceAll('&amp;', '&');
