import type { Player } from '../cast.ts';

/** Sent with every page: nothing is loaded from anywhere, nobody frames it. The script is the provider's own, which submits a form. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** Asks for the code that the command line shows. `form` is the provider's, with its id and its protection against forgery. */
export const codePage = (form: string, trouble: string | null): string =>
  page('Log in', `${trouble === null ? '' : `<p class="bad" role="alert">${escape(trouble)}</p>`}<p>Enter the code that <b>sallyport login</b> shows.</p>${form}<button type="submit" form="op.deviceInputForm">Continue</button>`);

export const confirmPage = (form: string, code: string): string =>
  page('Is this your code?', `<p>It must be the one in your terminal. If you did not start a login, cancel.</p><p class="code">${escape(code)}</p>${form}
  <button type="submit" form="op.deviceConfirmForm" autofocus>Yes, continue</button>
  <button class="plain" type="submit" form="op.deviceConfirmForm" value="yes" name="abort">Cancel</button>`);

export const pickPage = (people: readonly Player[]): string =>
  page('Who are you?', `<p>In the demo you may be any of these. Nobody is asked for a password.</p>
  <form method="post">${people.map(({ name, does }) => `<button class="person" type="submit" name="person" value="${escape(name)}"><span class="face" aria-hidden="true">${escape(name.slice(0, 1).toUpperCase())}</span><span><b>${escape(name)}</b><small>${escape(does)}</small></span></button>`).join('')}
  <button class="plain" type="submit" name="cancel" value="yes">Cancel</button></form>`);

export const donePage = (): string => page('You are logged in', '<p>Go back to your terminal. This page can be closed.</p>');

export const troublePage = (say: string): string => page('That did not work', `<p class="bad" role="alert">${escape(say)}</p><p>Start again with <b>sallyport login</b>.</p>`);

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Sallyport demo</title><style>${style}</style></head>
<body><main><p class="brand">Sallyport <span>demo issuer</span></p><h1>${title}</h1>${body}</main><p class="foot">A token issuer for trying things out, on this machine only.</p></body></html>`;
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const style = `
:root{color-scheme:light dark;--paper:#fff;--ground:#eef1f4;--ink:#16202a;--soft:#5a6876;--line:#d3dae1;--deed:#0b5c58;--bad:#a3261b}
@media(prefers-color-scheme:dark){:root{--paper:#18212a;--ground:#0e151b;--ink:#e8edf1;--soft:#9aa8b5;--line:#2f3b46;--deed:#2f9d94;--bad:#ff8f84}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:1rem;padding:1.5rem;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{width:100%;max-width:25rem;padding:2rem;background:var(--paper);border:1px solid var(--line);border-radius:10px}
.brand{margin:0 0 1.25rem;font-weight:650}.brand span{font-weight:400;color:var(--soft)}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25}
p{margin:0 0 1rem}
.foot,small{color:var(--soft);font-size:.85rem}.foot{margin:0}
.bad{color:var(--bad)}
.code{font:600 1.6rem/1.2 ui-monospace,SFMono-Regular,Menlo,monospace;letter-spacing:.06em;text-align:center;padding:.8rem;border:1px solid var(--line);border-radius:8px}
input[type=text]{width:100%;margin:0 0 1rem;padding:.7rem;font:600 1.25rem ui-monospace,SFMono-Regular,Menlo,monospace;letter-spacing:.06em;text-align:center;text-transform:uppercase;color:inherit;background:transparent;border:1px solid var(--line);border-radius:8px}
button{width:100%;margin:0 0 .6rem;padding:.75rem 1rem;font:inherit;font-weight:600;color:#fff;background:var(--deed);border:1px solid transparent;border-radius:8px;cursor:pointer}
button:focus-visible,input:focus-visible{outline:3px solid var(--deed);outline-offset:2px}
button.plain{color:var(--soft);background:none;margin:0}
button.person{display:flex;gap:.85rem;align-items:center;text-align:left;color:inherit;background:none;border-color:var(--line);padding:.6rem .8rem}
button.person:hover{border-color:var(--deed)}
.person b,.person small{display:block;font-weight:600;line-height:1.35}.person small{font-weight:400}
.face{flex:none;width:2.25rem;height:2.25rem;border-radius:50%;display:grid;place-items:center;color:#fff;background:var(--deed)}`.replaceAll('\n', '');
