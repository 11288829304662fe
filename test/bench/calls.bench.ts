import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StepName } from '@spillway/models/language-model';
import { openModels } from '@spillway/models/registry';
import { stepRunner } from '@spillway/models/runner';
import { promptFor } from '@spillway/models/steps';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import { Agent, request } from 'undici';
import { median } from './statistics.js';
import { head, row } from './table.js';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const CALLS = 1_500;
const ROUNDS = 5;
const AT_ONCE = 40;
const text =
  'Hi, my order FF-204518 has not arrived, I paid 49.90 EUR on 3 May. Can you tell me where it is?';
const input = {
  text,
  subject: 'Where is it?',
  locale: 'en',
  receivedAtMs: Date.parse('2026-05-10T09:00:00Z'),
};

type Call = (nth: number) => Promise<unknown>;

/** CPU of this process for one call to an OpenAI-compatible endpoint, from the bare request to the event of its step. */
export async function run(): Promise<void> {
  const server = await startEndpoint();
  const pack = await loadPack(pathOf('../../deploy/packs/support'));
  const models = openModels({
    pack,
    overrides: {
      small: { baseUrl: server.baseUrl, model: 'small-bench' },
      big: { baseUrl: server.baseUrl, model: 'big-bench' },
    },
    apiKeys: () => 'bench',
  });
  const agent = new Agent({ connections: AT_ONCE });
  try {
    head('what', 'CPU ms a call, median', 'lowest', 'times the bare request');
    const bare = await measure((nth) => bareRequest(agent, server.baseUrl, bodyOf('classify', pack, nth)));
    show('undici request and JSON.parse, classify', bare, bare);
    for (const step of ['classify', 'extract', 'sentiment', 'draft'] as const) {
      const model = models.for(step, 'small');
      show(
        `model with its layers, ${step}`,
        await measure((nth) =>
          model.complete(promptFor(step, input, pack, String(nth)), new AbortController().signal),
        ),
        bare,
      );
    }
    const calls = {
      once: async (_id: string, _ms: number, work: () => Promise<Uint8Array>) => ({
        result: await work(),
        recorded: false,
      }),
    };
    const runner = stepRunner({ pack, models, calls, now: Date.now });
    for (const step of ['classify', 'extract', 'sentiment', 'draft'] as const) {
      const asked = (nth: number) =>
        runner.run(
          { step, tier: 'small', conversationId: 'c', messageId: String(nth), input },
          new AbortController().signal,
        );
      show(`step from prompt to event, ${step}`, await measure(asked), bare);
    }
  } finally {
    await agent.close();
    await models.close();
    server.stop();
  }
}

async function startEndpoint(): Promise<{ readonly baseUrl: string; stop(): void }> {
  const args = ['--conditions', 'spillway-source', '--import', pathOf('../../tools/from-source.mjs')];
  const child = spawn(process.execPath, [...args, pathOf('pipeline/model-endpoints.ts'), '0'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const [baseUrl = ''] = JSON.parse(said.toString()) as string[];
  return { baseUrl, stop: () => void child.stdin.end() };
}

function bodyOf(step: StepName, pack: Pack, nth: number): string {
  const { system, user, schema, maxOutputTokens } = promptFor(step, input, pack, String(nth));
  return JSON.stringify({
    model: 'small-bench',
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    ...{ max_tokens: maxOutputTokens, temperature: 0, logprobs: true, top_logprobs: 20 },
    response_format: { type: 'json_schema', json_schema: { name: step, strict: true, schema } },
  });
}

async function bareRequest(dispatcher: Agent, baseUrl: string, body: string): Promise<unknown> {
  const answer = await request(`${baseUrl}/chat/completions`, {
    ...{ dispatcher, method: 'POST', body },
    headers: { 'content-type': 'application/json' },
  });
  return answer.body.json();
}

/** CPU milliseconds of each round's calls, after a round to warm up. */
async function measure(call: Call): Promise<readonly number[]> {
  const spent: number[] = [];
  let nth = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const before = process.cpuUsage();
    const end = nth + CALLS;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (nth < end) await call(nth++);
      }),
    );
    const { user, system } = process.cpuUsage(before);
    if (round > 0) spent.push((user + system) / 1000 / CALLS);
  }
  return spent;
}

function show(what: string, spent: readonly number[], bare: readonly number[]): void {
  row(
    what,
    median(spent).toFixed(3),
    Math.min(...spent).toFixed(3),
    (median(spent) / median(bare)).toFixed(2),
  );
}
