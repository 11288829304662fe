import { seededRandom } from '@spillway/confidence/random';
import { describe, expect, it } from 'vitest';
import type { AnsweredRow } from './answered-row.js';
import { chosenSettings } from './policy-edit.js';
import { rolesOf } from './roles.js';
import { newSpends, spendOf } from './spent-rows.js';
import { answered, options, pricing } from './testing/answered-rows.js';
import { type ChosenStep, chooseSteps } from './threshold-choice.js';
import { tuneReport } from './tune-report.js';
import { tuneStep } from './tune-step.js';
import { tuneTable } from './tune-table.js';

describe('roles', () => {
  it('are dealt by the row alone, and only where something is to be fitted', () => {
    const rows = answered(900, false);
    const all = rolesOf(rows);
    expect(all.fit.length / 900).toBeCloseTo(1 / 3, 1);
    const half = rolesOf(rows.slice(0, 450));
    expect(half.fit).toEqual(all.fit.filter((row) => rows.indexOf(row) < 450));
    expect(rolesOf(answered(50, true))).toMatchObject({ fit: [], certify: { length: 50 } });
  });

  it('leave out repeated texts, further messages of a conversation, and other versions of the model', () => {
    const [row] = answered(1, true) as [AnsweredRow];
    const rows = [
      row,
      row,
      { ...row, cluster: 'b', conversationId: 'c' },
      { ...row, cluster: 'c', conversationId: 'c' },
      { ...row, cluster: 'd', fingerprint: 'model|2' },
    ];
    expect(rolesOf(rows)).toMatchObject({
      certify: { length: 2 },
      repeated: 2,
      otherFingerprint: 1,
      fingerprint: 'model|1',
    });
  });
});

describe('a tuned step', () => {
  it('tells what its answers look like at the threshold, repeated ones included and failed ones not', () => {
    const rows = answered(1_500, true).map((row, at) => ({
      ...row,
      said: at % 10 === 0 ? 'out_of_scope' : 'order',
    }));
    const [row] = rows as [AnsweredRow];
    const { signal: _, ...silent } = row;
    const others = [
      { ...row, fingerprint: 'model|2' },
      { ...silent, failed: true as const },
    ];
    const tuning = tuneStep([...rows, row, row, ...others], options);
    const [chosen] = chooseSteps([tuning]).steps;
    const threshold = chosen?.choice?.threshold?.threshold ?? Number.NaN;
    const below = [...rows, row, row].filter(({ signal }) => !((signal?.calibrated ?? 0) >= threshold));
    expect(chosenSettings(chosen as ChosenStep)).toMatchObject({
      certificate: {
        expected: {
          rows: 1_502,
          below_threshold: below.length,
          out_of_scope: 152,
          scores: expect.stringMatching(/^\d+( \d+){19}$/),
        },
      },
    });
  });

  it('is fitted on one part and certified on the other', () => {
    const tuning = tuneStep(answered(1_500, false), options);
    expect(tuning.certification).toMatchObject({ verdict: 'certified' });
    expect(tuning.fit).toMatchObject({ step: 'classify', fingerprint: 'model|1', rows: tuning.rows.fit });
    expect(tuning.fit?.scorer).toBeDefined();
    expect(tuning.certifiedOn.filter((row) => tuning.fittedOn.includes(row))).toEqual([]);
    expect(tuning.quality.calibration.error).toBeLessThan(0.06);
  });

  it('starts where the rows that were fitted to are surest, which certifies where less than half can be kept', () => {
    const random = seededRandom(3);
    const rows = answered(3_000, false).map((row) => {
      const sure = random();
      const signal = { raw: 0.5 + sure / 2, calibrated: sure, embedded: false, features: { margin: sure } };
      return { ...row, right: random() < (sure > 0.8 ? 0.99 : 0.6), signal };
    });
    const tuning = tuneStep(rows, options);
    expect(tuning.start).toBeGreaterThan(0);
    expect(tuning.certification).toMatchObject({ verdict: 'certified' });
    expect(spendOf(tuning).start).toBe(tuning.start);
  });

  it('keeps the own confidence of an embedded model', () => {
    const tuning = tuneStep(answered(600, true), options);
    expect(tuning.fit).toBeUndefined();
    expect(tuning.certification).toMatchObject({ verdict: 'certified', rows: 600 });
  });

  it('never keeps an answer without a confidence, and counts it', () => {
    const silent = answered(600, true, 2).map(({ signal: _, ...row }) => row);
    const { certification, rows } = tuneStep([...answered(600, true), ...silent], options);
    const alone = tuneStep(answered(600, true), options).certification;
    expect(rows.silent).toBe(600);
    expect(certification).toMatchObject({ rows: 1_200 });
    if (certification.verdict !== 'certified' || alone.verdict !== 'certified') expect.fail('not certified');
    expect(certification.coverage).toBeCloseTo(alone.coverage / 2, 9);
  });

  it('pays only where enough of all messages is kept, those without a confidence among them', () => {
    const silent = answered(600, true, 2).map(({ signal: _, ...row }) => row);
    const half = { ...pricing, costs: { ...pricing.costs, smallNanos: 400n } };
    const verdict = (rows: readonly AnsweredRow[]) =>
      tuneStep(rows, { ...options, pricing: half }).certification.verdict;
    expect(verdict(answered(600, true))).toBe('certified');
    expect(verdict([...answered(600, true), ...silent])).not.toBe('certified');
  });

  it('compares the newest week where the rows have dates', () => {
    const rows = answered(600, true).map((row, at) => ({
      ...row,
      receivedAt: new Date(Date.UTC(2026, 8, 1) + at * 3_600_000).toISOString(),
    }));
    const [{ later, period } = expect.fail()] = chooseSteps([tuneStep(rows, options)]).steps;
    expect(period).toEqual({ first: '2026-09-01', last: '2026-09-25' });
    expect(later?.from).toBe('2026-09-18');
    expect(later?.kept).toBeGreaterThan(50);
  });

  it('says what it promises, and shows all figures in a page that holds no markup of a label', () => {
    const chosen = chooseSteps([tuneStep(answered(600, true), options)]);
    expect(tuneTable(chosen)).toContain('at most 5 % of the kept results are wrong by people’s labels');
    expect(tuneTable(chosen)).toContain('certified');
    expect(tuneTable(chosen)).toMatch(/set +eval\/classify\.jsonl, tested on 2026-11-24/);
    const page = tuneReport('pack', '2026-11-24', chosen);
    expect(page).toContain('refund &lt;b&gt;');
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });
});

describe('a step tuned for a joint promise', () => {
  const joint = { ...options, mode: 'joint', delta: undefined } as const;
  const { delta: _, ...terms } = joint;
  const tuning = tuneStep(answered(600, true), terms);

  it('keeps more, counts all messages, and lets every higher threshold pass', () => {
    const selective = tuneStep(answered(600, true), options);
    expect(tuning.certification).toMatchObject({ verdict: 'controlled', rows: 600 });
    expect(tuning.passed.at(-1)?.accepted).toBeGreaterThan(selective.passed.at(-1)?.accepted ?? 600);
    expect(tuning.passed.length).toBeGreaterThan(100);
    const silent = answered(600, true, 2).map(({ signal: __, ...row }) => row);
    const withSilent = tuneStep([...answered(600, true), ...silent], terms).certification;
    expect(withSilent).toMatchObject({ verdict: 'controlled', rows: 1_200 });
  });

  it('says so in other words, and never that anything is certified', () => {
    const chosen = chooseSteps([tuning]);
    const text = `${tuneTable(chosen)}${tuneReport('pack', '2026-11-24', chosen)}`;
    expect(text).toContain('In expectation over the traffic');
    expect(text).toContain(
      'at most 5 % of all messages have a result that is kept and is wrong by people’s labels',
    );
    expect(text).toContain('of the kept results alone nothing is promised');
    expect(text).toContain('share of all messages kept and wrong by people’s labels');
    expect(text).not.toMatch(/certif|errs at most|confidence of 95/i);
  });

  it('proposes a certificate of its mode, without a delta', () => {
    const settings = chosenSettings(chooseSteps([tuning]).steps[0] as ChosenStep);
    expect(settings?.['certificate']).toMatchObject({ mode: 'joint', target: 0.05, rows: 600 });
    expect(settings?.['certificate']).not.toHaveProperty('delta');
  });

  it('spends its rows, also for the other mode', () => {
    const spends = newSpends([tuning], []);
    expect(spends).toMatchObject([{ mode: 'joint', verdict: 'controlled' }]);
    expect(newSpends([tuning], spends)).toEqual([]);
    expect(() => newSpends([tuneStep(answered(600, true), options)], spends)).toThrow(
      expect.objectContaining({ code: 'rejected' }),
    );
    expect(newSpends([tuneStep(answered(18, true), terms)], [])).toEqual([]);
  });
});

it('a selective promise without a delta is none', () => {
  const { delta: _, ...terms } = options;
  expect(() => tuneStep(answered(600, true), terms)).toThrow(expect.objectContaining({ code: 'rejected' }));
});

describe('rows without a label', () => {
  const unsure = (rows: readonly AnsweredRow[]) =>
    rows.filter(({ signal }) => (signal?.calibrated ?? 0) < 0.3);
  const bare = (rows: readonly AnsweredRow[]) =>
    rows.map((row) =>
      unsure([row]).length === 0 ? row : { ...row, right: false, unlabelled: true as const },
    );

  it('count as wrong where a promise is tested, and say nothing of the model', () => {
    const rows = answered(900, true);
    const tuning = tuneStep(bare(rows), options);
    const labelled = rows.filter((row) => !unsure(rows).includes(row));
    expect(tuning.rows).toMatchObject({ certify: 900, unlabelled: unsure(rows).length });
    expect(tuning.accuracy).toBeCloseTo(labelled.filter(({ right }) => right).length / labelled.length, 12);
    expect(tuning.passed.at(-1)?.threshold).toBeGreaterThan(0.27);
    expect(tuneTable(chooseSteps([tuning]))).toContain(
      `${unsure(rows).length} of the tested on, counted as wrong`,
    );
  });

  it('are fitted to by nothing, and thinned as the others are', () => {
    const rows = answered(900, false);
    const [before, after] = [rolesOf(rows), rolesOf(bare(rows))];
    expect(after.fit).toEqual(before.fit.filter((row) => unsure([row]).length === 0));
    expect(after.certify).toHaveLength(before.certify.length);
  });
});

it.each<['truth' | 'agreement', RegExp]>([
  ['truth', /wait for a person’s label(?!.*Wrong means)/],
  ['agreement', /Wrong means: different from the big model’s answers\./],
])('a verdict without a threshold says what wrong is by %s', (labelSource, want) => {
  const rows = answered(100, true).map(
    (row) => ({ ...row, right: false, unlabelled: true, open: true }) as const,
  );
  expect(tuneTable(chooseSteps([tuneStep(rows, { ...options, labelSource })]))).toMatch(want);
});

describe('requests that people have not answered', () => {
  const withOpen = (count: number) =>
    answered(1_000, true).map((row, at) =>
      at < count ? { ...row, right: false, unlabelled: true as const, open: true as const } : row,
    );

  it.each<[string, number, string, boolean]>([
    ['none', 0, 'certified', true],
    ['few: each counts as wrong', 10, 'certified', true],
    ['as many as half of what may be wrong', 25, 'certified', true],
    ['more: nothing is tested, and nothing spent', 26, 'not_yet', false],
    ['almost all', 999, 'not_yet', false],
  ])('%s', (_, count, verdict, spends) => {
    const tuning = tuneStep(withOpen(count), { ...options, target: 0.05 });
    expect(tuning.rows).toMatchObject({ open: count, unlabelled: count });
    expect(tuning.certification.verdict).toBe(verdict);
    expect(newSpends([tuning], [])).toHaveLength(spends ? 1 : 0);
  });

  it('are of the drawn rows alone: what was not kept has nobody to wait for', () => {
    const others = answered(1_000, true).map((row, at) => ({
      ...row,
      cluster: `other ${at}`,
      right: false,
      unlabelled: true as const,
    }));
    const tuning = tuneStep([...withOpen(26), ...others], options);
    expect(tuning.certification).toMatchObject({
      verdict: 'not_yet',
      spent: false,
      reason: expect.stringContaining('26 of 1000 drawn messages still wait'),
    });
  });

  it('make the threshold no lower than if all of them were wrong', () => {
    const wrong = answered(1_000, true).map((row, at) => (at < 20 ? { ...row, right: false } : row));
    expect(tuneStep(withOpen(20), options).passed).toEqual(tuneStep(wrong, options).passed);
  });

  it('are told of with the rows, in the table and on the page', () => {
    const chosen = chooseSteps([tuneStep(withOpen(10), { ...options, waiting: 7 })]);
    for (const text of [tuneTable(chosen), tuneReport('pack', '2026-11-24', chosen)]) {
      expect(text).toContain('10 passed over, counted as wrong; 7 that nobody has come to yet, left out');
    }
  });
});

describe('rows that have certified', () => {
  const tuning = tuneStep(answered(600, true), options);

  it('are spent once, and the same certification again spends nothing', () => {
    const spends = newSpends([tuning], []);
    expect(spends).toEqual([spendOf(tuning)]);
    expect(newSpends([tuning], spends)).toEqual([]);
  });

  it('are refused to a refitted model, also when some are new', () => {
    const refitted = answered(700, true).map((row) => ({ ...row, fingerprint: 'model|2' }));
    expect(() => newSpends([tuneStep(refitted, options)], [spendOf(tuning)])).toThrow(
      expect.objectContaining({
        code: 'rejected',
        problems: [expect.objectContaining({ where: 'classify' })],
      }),
    );
  });

  it('do not hinder fresh ones, nor another step', () => {
    expect(newSpends([tuneStep(answered(600, true, 5), options)], [spendOf(tuning)])).toHaveLength(1);
    const other = tuneStep(answered(600, true), { ...options, step: 'sentiment' });
    expect(newSpends([other], [spendOf(tuning)])).toHaveLength(1);
  });

  it('are not spent where there were too few to test', () => {
    expect(newSpends([tuneStep(answered(30, true), options)], [])).toEqual([]);
  });
});
