import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { serve } from '@spillway/bus/serve';
import { decode, emit } from '@spillway/contracts/event';
import { MessageReceivedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import { Step, Tier } from '@spillway/contracts/model';
import type { StepRequest } from '@spillway/models/runner';
import { expect, it, vi } from 'vitest';
import { ExtractorModule } from './extractor.module.js';

it('answers a message with a completed step', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'extractor-'));
  const bus = openEmbeddedBus({ path: join(directory, 'bus.db') });
  const requests: StepRequest[] = [];
  const runner = {
    async run(request: StepRequest) {
      requests.push(request);
      const { conversationId, messageId } = request;
      return { conversationId, messageId, step: Step.EXTRACT, tier: Tier.SMALL };
    },
  };
  const published: string[] = [];
  const end = await bus.tail(['step.completed'], ({ id, value }) => {
    published.push(`${id} ${decode(StepCompletedSchema, value).conversationId}`);
  });
  const served = await serve({
    bus,
    group: 'extractor',
    module: ExtractorModule.with({ runner }),
    slots: 4,
    order: 'none',
    deadlineMs: 5_000,
  });
  await bus.publish([
    emit(MessageReceivedSchema, {
      conversationId: 'c1',
      messageId: 'm1',
      text: 'Hello',
      subject: 'Hi',
      locale: 'en',
    }),
  ]);
  await vi.waitFor(() => expect(published).toEqual(['m1/step.completed/extract:small c1']), {
    timeout: 5_000,
  });
  expect(requests).toMatchObject([
    {
      step: 'extract',
      tier: 'small',
      conversationId: 'c1',
      messageId: 'm1',
      input: { text: 'Hello', subject: 'Hi', locale: 'en' },
    },
  ]);
  await served.close(1_000);
  await end();
  await bus.close();
  await rm(directory, { recursive: true });
});
