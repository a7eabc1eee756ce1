import { DerError, headline, NoteError, packFacts, placeText, verifyPack, type KeptCheckpoint, type PackReport } from '@sallyport/engine-evidence';

// The page: a pack is dropped, its report is shown. Nothing is sent anywhere, and the page's own policy forbids it.

const drop = need('drop', HTMLElement);
const packInput = need('pack', HTMLInputElement);
const keyInput = need('keys', HTMLTextAreaElement);
const keptInput = need('kept', HTMLInputElement);
const tsaInput = need('tsa', HTMLInputElement);
const witnessInput = need('witnesses', HTMLInputElement);
const result = need('result', HTMLElement);

let pack: File | null = null;
let runs = 0;

packInput.addEventListener('change', () => take(packInput.files?.[0] ?? null));
for (const input of [keyInput, keptInput, tsaInput, witnessInput]) input.addEventListener('change', () => void check());
for (const kind of ['dragenter', 'dragover']) document.addEventListener(kind, (event) => hover(event, true));
document.addEventListener('dragleave', (event) => hover(event, event.relatedTarget !== null));
document.addEventListener('drop', (event) => {
  hover(event, false);
  take(event.dataTransfer?.files[0] ?? null);
});

function hover(event: Event, over: boolean): void {
  event.preventDefault();
  drop.classList.toggle('over', over);
}

function take(file: File | null): void {
  if (file === null) return;
  pack = file;
  need('name', HTMLElement).textContent = `${file.name}, ${file.size.toLocaleString('en')} bytes`;
  void check();
}

async function check(): Promise<void> {
  if (pack === null) return;
  const run = ++runs;
  result.replaceChildren(element('p', 'Checking …'));
  const shown = await report(pack);
  if (run === runs) result.replaceChildren(...shown);
}

async function report(file: File): Promise<HTMLElement[]> {
  try {
    const kept: KeptCheckpoint[] = await Promise.all([...(keptInput.files ?? [])].map(async (one) => ({ name: one.name, bytes: await bytesOf(one) })));
    const authorities = await Promise.all([...(tsaInput.files ?? [])].map((one) => one.text()));
    const keys = keyInput.value.split('\n').map((line) => line.trim()).filter((line) => line !== '');
    return render(await verifyPack(await bytesOf(file), { keys, kept, authorities, witnesses: witnessInput.valueAsNumber || 0 }));
  } catch (error) {
    return [verdict('usage', error instanceof NoteError ? `A key is not one: ${error.message}` : error instanceof DerError ? `A root of a timestamp authority is none: ${error.message}` : 'The file could not be read')];
  }
}

async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

function render({ verdict: outcome, faults, notes, manifest }: PackReport): HTMLElement[] {
  const shown = [verdict(outcome, `${headline[outcome]}${faults.length === 0 ? '' : ` · ${faults.length} ${faults.length === 1 ? 'finding' : 'findings'}`}`), element('p', meaning[outcome])];
  if (faults.length > 0) {
    const rows = faults.slice(0, 500).map((fault) => row('td', [fault.kind, fault.say, placeText(fault)]));
    shown.push(element('h2', 'Findings'), table(['Kind', 'What', 'Where'], rows));
  }
  if (notes.length > 0) shown.push(element('h2', 'Checked'), list(notes));
  if (manifest !== null) {
    const title = outcome === 'ok' ? 'The pack' : 'What the pack says of itself (not to be believed)';
    shown.push(element('h2', title), table(null, packFacts(manifest).map(([name, value]) => row('td', [name, value], true))));
  }
  return shown;
}

const meaning = {
  ok: 'The pack is as the holder of the log’s key signed it, every leaf is in the signed tree, and what is disclosed as whole is whole. Tables and narratives are the generator’s statements: the events are there to recompute them.',
  tampered: 'Something in this pack is not what was signed, or contradicts itself. Do not rely on any of it.',
  untrusted: 'No key that you gave has signed this. Ask for the log’s key by a way of its own: a key in the pack proves nothing.',
  incomplete: 'Nothing was altered as far as can be seen, but something is not there that should be.',
} as const;

function verdict(kind: string, text: string): HTMLElement {
  const line = element('p', text);
  line.className = `verdict ${kind}`;
  return line;
}

function table(head: readonly string[] | null, rows: readonly HTMLElement[]): HTMLElement {
  const frame = document.createElement('div');
  frame.className = 'frame';
  frame.tabIndex = 0;
  const made = document.createElement('table');
  if (head !== null) made.append(row('th', head));
  made.append(...rows);
  frame.append(made);
  return frame;
}

function row(cell: 'td' | 'th', texts: readonly string[], named = false): HTMLElement {
  const made = document.createElement('tr');
  for (const [i, text] of texts.entries()) {
    const one = element(named && i === 0 ? 'th' : cell, text);
    if (one.tagName === 'TH') one.setAttribute('scope', named ? 'row' : 'col');
    made.append(one);
  }
  return made;
}

function list(texts: readonly string[]): HTMLElement {
  const made = document.createElement('ul');
  made.append(...texts.map((text) => element('li', text)));
  return made;
}

/** Text is only ever text: nothing of a pack becomes markup. */
function element(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text.replaceAll(/\p{C}/gu, '\u{fffd}');
  return made;
}

function need<T extends HTMLElement>(id: string, type: abstract new (...args: never[]) => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}
