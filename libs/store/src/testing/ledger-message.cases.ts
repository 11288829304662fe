import { expect, it } from 'vitest';
import type { MessageStatus, StepName, StepView } from '../ledger.js';
import type { LedgerChange } from '../ledger-change.js';
import {
  dead,
  decided,
  decision,
  detail,
  received,
  replay,
  requested,
  START,
  settled,
  step,
  wait,
} from './ledger-history.js';
import { faultOf, type LedgerStage } from './ledger-stage.js';

export function messageCases(stage: () => LedgerStage): void {
  viewCases(stage);
  statusCases(stage);
  waitCases(stage);
  lifeCases(stage);
}

function viewCases(stage: () => LedgerStage): void {
  it('knows nothing of a message whose receipt it has not seen', async () => {
    const ledger = await stage().open();
    await ledger.apply([step('m1', 'classify'), decision('m1', 'classify'), settled('m1')]);
    expect(await ledger.message('m1')).toBeUndefined();
    expect(await ledger.message('m2')).toBeUndefined();
    expect((await ledger.list({ limit: 10 })).items).toEqual([]);
    expect((await ledger.counts()).byStatus.settled).toBe(0);
  });

  it('shows a message as it was taken in', async () => {
    const ledger = await stage().open();
    const {
      kind: _,
      messageId,
      ...facts
    } = received('m1', {
      text: 'Où est 我的订单? 📦\n'.repeat(20_000),
      subject: '',
      customerFacing: false,
    });
    await ledger.apply([received('m1', facts)]);
    expect(await ledger.message('m1')).toEqual({
      id: messageId,
      ...facts,
      status: 'received',
      intent: null,
      queue: null,
      steps: [],
      decisions: [],
      reply: null,
      outcome: null,
      review: null,
      waiting: null,
      audits: [],
      openAudits: [],
      deadLetters: [],
      costNanos: 0n,
      baselineNanos: 0n,
      projectedNanos: 0n,
      estimated: false,
      settledAtMs: null,
    });
  });

  it.each([[null], [true], [false]])('keeps apart what the sender said of the reader: %j', async (said) => {
    const ledger = await stage().open();
    await ledger.apply([received('m1', { customerFacing: said })]);
    expect((await ledger.message('m1'))?.customerFacing).toBe(said);
  });

  it('keeps what tells how far a confidence can be trusted, beside the value and not in it', async () => {
    const ledger = await stage().open();
    const known = {
      features: { label_mass: 0.98, second_opinion: 0 },
      fingerprint: 'an-8b|fp_1|json_schema|logprobs:20|prompt:3f9c1a2b',
    };
    const classified = detail('classify', known);
    await ledger.apply([received('m1'), step('m1', 'classify', 'small', { detail: classified })]);
    const [view] = (await ledger.message('m1'))?.steps ?? [];
    expect(view).toMatchObject(known);
    expect(view?.value).toEqual(classified.value);
  });

  it('shows each step with all that is known of it, in the order of completion', async () => {
    const ledger = await stage().open();
    const classify = step('m1', 'classify', 'small', { completedAtMs: START + 9 });
    const failed = step('m1', 'extract', 'small', {
      call: null,
      completedAtMs: START + 5,
      detail: detail('extract', {
        value: null,
        confidence: null,
        rawConfidence: null,
        confidenceSource: 'none',
        usage: null,
        latencyMs: 0,
        attempts: 0,
        failure: { code: 'timed_out', detail: 'no answer' },
      }),
    });
    await ledger.apply([received('m1'), classify, failed]);
    const { tier, completedAtMs } = classify;
    expect((await ledger.message('m1'))?.steps).toEqual<StepView[]>([
      {
        step: 'extract',
        tier,
        model: null,
        embedded: false,
        costNanos: 0n,
        completedAtMs: START + 5,
        ...failed.detail,
      },
      {
        step: 'classify',
        tier,
        model: 'small-8b',
        embedded: false,
        costNanos: 10n,
        completedAtMs,
        ...classify.detail,
      },
    ]);
  });

  it('shows the values of every step', async () => {
    const ledger = await stage().open();
    const names = ['classify', 'extract', 'sentiment', 'draft', 'polish'] as const;
    await ledger.apply([received('m1'), ...names.map((name) => step('m1', name))]);
    expect((await ledger.message('m1'))?.steps.map(({ value }) => value)).toEqual(
      names.map((name) => detail(name).value),
    );
  });

  it('shows decisions in the order in which they were made', async () => {
    const ledger = await stage().open();
    const late = decision('m1', 'classify', 'small', { decidedAtMs: START + 9 });
    const early = decision('m1', 'polish', 'big', {
      decidedAtMs: START + 1,
      verdict: 'hold',
      confidence: null,
      threshold: null,
      reasons: [],
    });
    await ledger.apply([received('m1'), late, early]);
    const shown = [early, late].map(({ kind: _, messageId: __, ...view }) => view);
    expect((await ledger.message('m1'))?.decisions).toEqual(shown);
  });

  it.each([
    ['a reply', settled('m1'), { text: 'Hi, it is on its way.', by: 'big' }, 'replied'],
    ['no reply', settled('m1', { outcome: 'closed', reply: '', replyBy: 'human' }), null, 'closed'],
  ])('shows an end with %s', async (_, end, reply, outcome) => {
    const ledger = await stage().open();
    await ledger.apply([received('m1'), end]);
    const view = await ledger.message('m1');
    expect(view).toMatchObject({ reply, outcome, settledAtMs: START + 300 });
  });

  it('takes the big model’s label for the intent, whichever comes first', async () => {
    const ledger = await stage().open();
    const big = (id: string) =>
      step(id, 'classify', 'big', {
        detail: detail('classify', {
          value: { kind: 'classification', label: 'refund', queue: 'money', alternatives: [] },
        }),
      });
    await ledger.apply([received('m1'), step('m1', 'classify'), big('m1')]);
    await ledger.apply([received('m2'), big('m2'), step('m2', 'classify')]);
    for (const id of ['m1', 'm2']) {
      expect(await ledger.message(id)).toMatchObject({ intent: 'refund', queue: 'money' });
    }
  });

  it('keeps the small model’s label where the big one failed', async () => {
    const ledger = await stage().open();
    const failure = { code: 'unavailable', detail: 'breaker open' };
    await ledger.apply([
      received('m1'),
      step('m1', 'classify'),
      step('m1', 'classify', 'big', { detail: detail('classify', { value: null, failure }) }),
    ]);
    expect(await ledger.message('m1')).toMatchObject({ intent: 'order_status', queue: 'orders' });
  });

  it('notes dead letters with their message, and counts those without one', async () => {
    const ledger = await stage().open();
    const note = dead('m1', { group: 'classifier', stopsMessage: false });
    await ledger.apply([received('m1'), note, dead(null), note]);
    const { kind: _, messageId: __, stopsMessage: ___, ...shown } = note;
    expect((await ledger.message('m1'))?.deadLetters).toEqual([{ ...shown, replayedAtMs: null }]);
    expect((await ledger.counts()).deadLetters).toBe(2);
  });
}

function statusCases(stage: () => LedgerStage): void {
  const first = received('m1');
  it.each<[MessageStatus, string, LedgerChange[]]>([
    ['received', 'nothing has happened', [first]],
    ['received', 'a worker’s event was parked', [first, dead('m1', { stopsMessage: false })]],
    ['in_progress', 'a step ended', [first, step('m1', 'sentiment')]],
    ['in_progress', 'it was classified', [first, step('m1', 'classify')]],
    ['failed', 'the router’s event was parked', [first, step('m1', 'classify'), dead('m1')]],
    ['in_review', 'a review is open', [first, step('m1', 'draft'), requested('m1')]],
    ['in_review', 'a review is open after a failure', [first, dead('m1'), requested('m1')]],
    ['in_progress', 'the review was decided', [first, requested('m1'), decided('m1')]],
    ['failed', 'a decided review could not be acted on', [first, requested('m1'), decided('m1'), dead('m1')]],
    ['settled', 'it ended', [first, step('m1', 'classify'), settled('m1')]],
    ['settled', 'it ended after a review', [first, requested('m1'), decided('m1'), settled('m1')]],
    ['settled', 'it was replayed after a failure', [first, dead('m1'), replay('m1'), settled('m1')]],
    ['in_progress', 'what had failed is handled again', [first, dead('m1'), replay('m1')]],
    ['failed', 'it failed again', [first, dead('m1'), replay('m1'), dead('m1', { replays: 1 })]],
    [
      'in_progress',
      'it was replayed twice',
      [first, dead('m1'), replay('m1'), dead('m1', { replays: 1 }), replay('m1', { number: 2 })],
    ],
    [
      'failed',
      'another of its events still lies there',
      [first, dead('m1'), replay('m1'), dead('m1', { eventId: 'm1/step.completed' })],
    ],
    [
      'failed',
      'a worker’s event was replayed, and not the router’s',
      [first, dead('m1'), replay('m1', { group: 'classifier' })],
    ],
    ['in_review', 'the replay led to a review', [first, dead('m1'), replay('m1'), requested('m1')]],
    [
      'in_progress',
      'that review was decided',
      [first, dead('m1'), replay('m1'), requested('m1'), decided('m1')],
    ],
    ['in_progress', 'it waits for the budget', [first, wait('m1', 'classify')]],
  ])('is %s when %s, in whatever order the facts arrive', async (status, _, facts) => {
    const { open } = stage();
    const ledger = await open();
    for (const fact of facts) await ledger.apply([fact]);
    expect((await ledger.message('m1'))?.status).toBe(status);
    const backwards = await stage().open();
    for (const fact of facts.toReversed()) await backwards.apply([fact]);
    expect((await backwards.message('m1'))?.status).toBe(status);
    const counts = { received: 0, in_progress: 0, failed: 0, in_review: 0, settled: 0, [status]: 1 };
    expect((await backwards.counts()).byStatus).toEqual(counts);
    expect((await backwards.list({ limit: 5, status })).items.map(({ id }) => id)).toEqual(['m1']);
  });
}

function waitCases(stage: () => LedgerStage): void {
  const first = received('m1');
  const later = START + 99_000_000;
  const answered = decision('m1', 'polish', 'big');
  it.each<[string, { readonly step: StepName; readonly untilMs: number } | null, LedgerChange[]]>([
    [
      'shows what waits for the budget',
      { step: 'polish', untilMs: wait('m1', 'polish').untilMs },
      [wait('m1', 'polish')],
    ],
    [
      'shows the last wait of a step',
      { step: 'polish', untilMs: later },
      [wait('m1', 'polish'), wait('m1', 'polish', { untilMs: later })],
    ],
    [
      'shows the longest wait of all steps',
      { step: 'extract', untilMs: later },
      [wait('m1', 'classify'), wait('m1', 'extract', { untilMs: later })],
    ],
    ['shows none once the big model’s answer was decided on', null, [wait('m1', 'polish'), answered]],
    [
      'shows one that began with the small model',
      { step: 'draft', untilMs: later },
      [decision('m1', 'draft'), wait('m1', 'draft', { untilMs: later })],
    ],
    ['shows none while a person has the message', null, [wait('m1', 'polish'), requested('m1')]],
    ['shows none after a person had it', null, [wait('m1', 'polish'), requested('m1'), decided('m1')]],
    ['shows none where the message has failed', null, [wait('m1', 'polish'), dead('m1')]],
    ['shows none at the end', null, [wait('m1', 'polish'), settled('m1')]],
  ])('%s, in whatever order the facts arrive', async (_, waiting, facts) => {
    const all = [first, ...facts];
    const together = await stage().open();
    await together.apply(all);
    expect((await together.message('m1'))?.waiting).toEqual(waiting);
    await together.close();
    const backwards = await stage().open();
    for (const fact of all.toReversed()) await backwards.apply([fact]);
    expect((await backwards.message('m1'))?.waiting).toEqual(waiting);
  });

  it('shows the newest failure of an event, and when it was last handled again', async () => {
    const again = dead('m1', { replays: 1, code: 'timed_out', failedAtMs: START + 280 });
    const facts = [
      first,
      dead('m1'),
      replay('m1'),
      again,
      replay('m1', { number: 2, replayedAtMs: START + 290 }),
    ];
    const { kind: _, messageId: __, stopsMessage: ___, ...shown } = again;
    for (const order of [facts, facts.toReversed(), [...facts, ...facts]]) {
      const ledger = await stage().open();
      await ledger.apply(order);
      const view = await ledger.message('m1');
      expect(view?.deadLetters).toEqual([{ ...shown, replayedAtMs: START + 290 }]);
      expect((await ledger.counts()).deadLetters).toBe(1);
      await ledger.close();
    }
  });

  it('notes a replay of what nobody could read', async () => {
    const ledger = await stage().open();
    await ledger.apply([replay(null), dead(null)]);
    expect((await ledger.counts()).deadLetters).toBe(1);
  });
}

function lifeCases(stage: () => LedgerStage): void {
  it('takes many changes at once', async () => {
    const ledger = await stage().open();
    const ids = Array.from({ length: 200 }, (_, n) => `m${n}`);
    await Promise.all(
      ids.flatMap((id) =>
        [received(id), step(id, 'classify'), settled(id)].map((fact) => ledger.apply([fact])),
      ),
    );
    expect((await ledger.counts()).byStatus.settled).toBe(200);
  });

  it('has everything that resolved after it was closed and opened again', async () => {
    const { open, reopen } = stage();
    const facts = [received('m1'), step('m1', 'classify'), decision('m1', 'classify'), requested('m1')];
    const before = await open();
    await before.apply(facts);
    const view = await before.message('m1');
    const after = await reopen();
    expect(await after.message('m1')).toEqual(view);
    await after.apply(facts);
    expect(await after.message('m1')).toEqual(view);
  });

  it('takes no changes at all', async () => {
    const ledger = await stage().open();
    await ledger.apply([]);
    expect((await ledger.list({ limit: 1 })).items).toEqual([]);
  });

  it('refuses work once it is closed, with a fault', async () => {
    const ledger = await stage().open();
    await ledger.close();
    await ledger.close();
    await expect(ledger.apply([received('m1')])).rejects.toThrow(faultOf('cancelled'));
    await expect(ledger.message('m1')).rejects.toThrow(faultOf('cancelled'));
    await expect(ledger.savings({})).rejects.toThrow(faultOf('cancelled'));
  });
}
