import { expect, it } from 'vitest';
import type { MessageStatus, StepView } from '../ledger.js';
import type { LedgerChange } from '../ledger-change.js';
import {
  dead,
  decided,
  decision,
  detail,
  received,
  requested,
  START,
  settled,
  step,
} from './ledger-history.js';
import { faultOf, type LedgerStage } from './ledger-stage.js';

export function messageCases(stage: () => LedgerStage): void {
  viewCases(stage);
  statusCases(stage);
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
      audits: [],
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
    expect((await ledger.message('m1'))?.deadLetters).toEqual([shown]);
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
    ['settled', 'it was replayed after a failure', [first, dead('m1'), settled('m1')]],
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
