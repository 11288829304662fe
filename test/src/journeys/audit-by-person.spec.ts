import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { call, type Message, post, read, until } from '../api.js';
import { type Server, startServer } from '../server.js';

const example = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));
const patience = { timeout: 20_000, interval: 50 };
/** So many wrong answers in a row ring the alarm of a certificate that allows 5 %. */
const MOST_TO_ALARM = 20;

let pack: string;
let server: Server;

/** The example's policy, where people label every kept intent and every reply that leaves as the small model wrote it. */
function askPeople(): void {
  const shadow = 'shadow: { rate: 1, by: person }';
  // Of another fingerprint: what matters here is that kept answers are watched.
  const certificate =
    'certificate: { target: 0.05, delta: 0.05, label_source: truth, rows: 1000, accepted: 800, errors: 20, ' +
    'data: "sha256:0123456789abcdef", fingerprint: another, certified_on: 2026-11-24 }';
  const policy = readFileSync(join(example, 'policy.yaml'), 'utf8');
  const asked = policy
    .replace(/(^ {2}classify: \{.*) \}$/m, `$1, ${certificate}, fallback: keep, ${shadow} }`)
    .replace(/(^ {2}draft: \{.*) \}$/m, `$1, ${shadow} }`);
  expect(asked.split(shadow)).toHaveLength(3);
  writeFileSync(join(pack, 'policy.yaml'), asked);
}

beforeAll(async () => {
  pack = mkdtempSync(join(tmpdir(), 'spillway-pack-'));
  cpSync(example, pack, { recursive: true });
  askPeople();
  server = await startServer({ SPILLWAY_PACK: pack });
}, 60_000);
afterAll(async () => {
  await server.remove();
  rmSync(pack, { recursive: true });
});

interface OpenAudit {
  readonly message_id: string;
  readonly step: string;
  readonly draft: string | null;
}

interface Task {
  readonly step: string;
  readonly labels_wanted: number;
  readonly audited: readonly {
    readonly label_source: string;
    readonly labels: number;
    readonly errors: number;
  }[];
  readonly drift: { readonly labels: number; readonly errors: number } | null;
  readonly alarm: { readonly labels: number; readonly errors: number } | null;
}

const open = async (): Promise<readonly OpenAudit[]> =>
  (await call<{ items: readonly OpenAudit[] }>(`${server.url}/v1/audits?limit=200`)).body.items;

async function task(name: string): Promise<Task | undefined> {
  const { body } = await call<{ tasks: readonly Task[] }>(`${server.url}/v1/policy`);
  return body.tasks.find(({ step }) => step === name);
}

const tell = async (): Promise<Message> =>
  until(server.url, await post(server.url, { text: 'Where is my order FF-204518?', channel: 'form' }));

const label = (id: string, step: string, value: string) =>
  call(`${server.url}/v1/messages/${id}/labels`, { step, value });

it('asks for labels of what the small model kept, without its answer and without holding the message up', async () => {
  const message = await tell();
  expect(message).toMatchObject({ status: 'settled', reply: { by: 'small' } });
  const asked = await vi.waitFor(async () => {
    const items = await open();
    expect(items.map(({ step }) => step)).toEqual(['classify', 'draft']);
    return items;
  }, patience);
  expect(asked).toMatchObject([
    { message_id: message.id, text: 'Where is my order FF-204518?', draft: null },
    { message_id: message.id, draft: message.reply?.text },
  ]);
  expect(JSON.stringify(asked[0])).not.toMatch(/order_status|confidence/);
  expect(await read(server.url, message.id)).toMatchObject({
    audits: [],
    labels_wanted: ['classify', 'draft'],
  });
  expect(await task('classify')).toMatchObject({ labels_wanted: 1, audited: [], drift: null });

  expect((await label(message.id, 'classify', 'order_status')).body).toMatchObject({ wrong: false });
  expect((await label(message.id, 'draft', 'wrong')).body).toMatchObject({ wrong: true });
  await vi.waitFor(async () => {
    const truth = { label_source: 'truth', labels: 1 };
    expect(await task('classify')).toMatchObject({ labels_wanted: 0, audited: [{ ...truth, errors: 0 }] });
    expect(await task('draft')).toMatchObject({ labels_wanted: 0, audited: [{ ...truth, errors: 1 }] });
    expect((await task('classify'))?.drift).toMatchObject({ labels: 1, errors: 0 });
  }, patience);
  expect(await open()).toEqual([]);
  expect(await read(server.url, message.id)).toMatchObject({
    labels_wanted: [],
    audits: [
      { step: 'classify', kind: 'shadow', label_source: 'truth', wrong: false, rate: 1 },
      { step: 'draft', kind: 'shadow', label_source: 'truth', wrong: true, rate: 1 },
    ],
  });
}, 60_000);

it('counts a label once, whoever gives it again, and lets nobody change it', async () => {
  const before = (await task('classify'))?.drift?.labels ?? 0;
  const { id } = await tell();
  await vi.waitFor(
    async () =>
      expect(await open()).toContainEqual(expect.objectContaining({ message_id: id, step: 'classify' })),
    patience,
  );
  const answers = await Promise.all(Array.from({ length: 3 }, () => label(id, 'classify', 'order_status')));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect((await label(id, 'classify', 'refund_status')).status).toBe(409);
  await vi.waitFor(
    async () => expect((await task('classify'))?.drift).toMatchObject({ labels: before + 1 }),
    patience,
  );
  expect((await label(id, 'classify', 'order_status')).status).toBe(202);
  expect((await task('classify'))?.audited).toMatchObject([{ label_source: 'truth', labels: before + 1 }]);
}, 60_000);

it('rings the alarm when people find more wrong than the certificate allows', async () => {
  const ids = (await Promise.all(Array.from({ length: MOST_TO_ALARM }, tell))).map(({ id }) => id);
  await vi.waitFor(async () => {
    const asked = new Set(
      (await open()).filter(({ step }) => step === 'classify').map((each) => each.message_id),
    );
    expect(ids.filter((id) => !asked.has(id))).toEqual([]);
  }, patience);
  for (const id of ids) expect((await label(id, 'classify', 'refund_status')).status).toBe(202);
  await vi.waitFor(async () => expect((await task('classify'))?.alarm).not.toBeNull(), patience);
  await vi.waitFor(async () => {
    const verdict = (await tell()).decisions.find(
      ({ step, tier }) => step === 'classify' && tier === 'small',
    );
    expect(verdict?.reasons[0]).toMatch(/^drift alarm/);
  }, patience);
}, 60_000);
