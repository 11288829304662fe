import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { serve } from '@spillway/bus/serve';
import { decode, emit } from '@spillway/contracts/event';
import { PolishPurpose, PolishRequestedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import { Step, Tier } from '@spillway/contracts/model';
import type { StepRequest } from '@spillway/models/runner';
import { expect, it, vi } from 'vitest';
import { PolisherModule } from './polisher.module.js';

it('answers a request for the big model with a completed step', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'polisher-'));
  const bus = openEmbeddedBus({ path: join(directory, 'bus.db') });
  const requests: StepRequest[] = [];
  const runner = {
    async run(request: StepRequest) {
      requests.push(request);
      const { conversationId, messageId } = request;
      return { conversationId, messageId, step: Step.CLASSIFY, tier: Tier.BIG };
    },
  };
  const published: string[] = [];
  const end = await bus.tail(['step.completed'], ({ id, value }) => {
    published.push(`${id} ${decode(StepCompletedSchema, value).conversationId}`);
  });
  const served = await serve({
    bus,
    group: 'polisher',
    module: PolisherModule.with({ runner }),
    slots: 4,
    order: 'none',
    deadlineMs: 5_000,
  });
  await bus.publish([
    emit(PolishRequestedSchema, {
      conversationId: 'c1',
      messageId: 'm1',
      text: 'Hello',
      subject: 'Hi',
      locale: 'en',
      task: Step.CLASSIFY,
      purpose: PolishPurpose.ESCALATION,
    }),
    emit(
      PolishRequestedSchema,
      {
        conversationId: 'c1',
        messageId: 'm1',
        task: Step.CLASSIFY,
        purpose: PolishPurpose.ESCALATION,
        askedBefore: 2,
      },
      'classify:2',
    ),
  ]);
  await vi.waitFor(
    () =>
      expect(published.toSorted()).toEqual([
        'm1/step.completed/classify:big c1',
        'm1/step.completed/classify:big:2 c1',
      ]),
    {
      timeout: 5_000,
    },
  );
  expect(requests).toMatchObject([
    {
      step: 'classify',
      tier: 'big',
      purpose: 'escalation',
      conversationId: 'c1',
      messageId: 'm1',
      input: { text: 'Hello', subject: 'Hi', locale: 'en' },
    },
    { step: 'classify', askedBefore: 2 },
  ]);
  await served.close(1_000);
  await end();
  await bus.close();
  await rm(directory, { recursive: true });
});
