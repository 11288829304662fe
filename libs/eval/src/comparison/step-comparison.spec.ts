import { ConfidenceSource } from '@spillway/contracts/model';
import type { StepCompletedInit } from '@spillway/models/runner';
import { loadPack } from '@spillway/pack/load';
import { describe, expect, it } from 'vitest';
import type { LabelledRow } from '../dataset.js';
import type { ReplyRow } from '../reply-rows.js';
import { verdictText } from '../verdict-text.js';
import { differenceTable, lineTable, notesOf } from './cells.js';
import { comparisonJson } from './json.js';
import { comparisonMarkdown } from './markdown.js';
import { comparisonPage } from './page.js';
import { type ModelAnswers, type StepComparison, stepComparison } from './step-comparison.js';
import type { EvalRows } from './step-metrics.js';

const pack = await loadPack('deploy/packs/support');
const evidence = {
  sets: [{ path: 'eval/classify.jsonl', sha256: 'a'.repeat(64), rows: 400 }],
  leftOut: 0,
  repeated: { rows: 3, otherLabel: 1 },
  labelSource: 'truth' as const,
  pricesFrom: '2026-10-01',
};
const nowMs = Date.parse('2026-11-30');

const answer = (label: string, confidence: number, costNanos: bigint): StepCompletedInit => ({
  result: { case: 'classification', value: { label } },
  confidence: { raw: confidence, calibrated: confidence, source: ConfidenceSource.LOGPROBS },
  call: {
    costNanos,
    latencyMs: 10,
    fingerprint: 'f',
    usage: { inputTokens: 100n, outputTokens: 10n, cachedInputTokens: 0n, reasoningTokens: 0n },
  },
});

const SECRET = 'a customer’s <b>words</b>';
/** Labels come in turn; the small model is wrong, and unsure, on every `smallWrong`th row, the big one on every `bigWrong`th. */
function compared(
  { rows, smallWrong, bigWrong }: { rows: number; smallWrong: number; bigWrong: number },
  changes: { runs?: number; floor?: number } = {},
): StepComparison {
  const labels = Array.from({ length: rows }, (_, at) => (at % 2 === 0 ? 'complaint' : 'exchange'));
  const input = { text: SECRET, subject: '', locale: '', receivedAtMs: 0 };
  const labelled = labels.map((label, at): LabelledRow => ({ id: String(at), input, label }));
  const said = (wrong: number, confidence: number, cost: bigint) =>
    labels.map((label, at) =>
      (at + 1) % wrong === 0 ? answer('privacy_request', 0.5, cost) : answer(label, confidence, cost),
    );
  const small = said(smallWrong, 0.9, 100n);
  const models: readonly ModelAnswers[] = [
    {
      name: 'little',
      tier: 'small',
      embedded: false,
      runs: Array.from({ length: changes.runs ?? 1 }, () => small),
    },
    { name: 'large', tier: 'big', embedded: false, runs: [said(bigWrong, 0.95, 10_000n)] },
  ];
  const { floor } = changes;
  const terms = { ...pack.evalTerms, classify: { margin: 0.02, ...(floor === undefined ? {} : { floor }) } };
  const read: EvalRows = { step: 'classify', rows: labelled };
  return stepComparison({ ...pack, evalTerms: terms }, read, models, { evidence, nowMs });
}

describe('two models on the same rows', () => {
  const comparison = compared({ rows: 400, smallWrong: 5, bigWrong: 20 });
  const line = (name: string) => comparison.figures.lines.find((each) => each.name === name);

  it.each([
    ['floor', 0.8, 0, 100_000n],
    ['ceiling', 0.95, 1, 10_000_000n],
    ['cascade', 0.95, 0.2, 2_100_000n],
    ['fitted', 0.95, 0.2, 2_100_000n],
    ['best', 0.95, 0.2, 2_100_000n],
    ['random', 0.83, 0.2, 2_100_000n],
    ['oracle', 0.95, 0.2, 2_100_000n],
  ])('%s: %d right, %d sent', (name, right, sent, cost) => {
    expect(line(name)?.accuracy.value).toBeCloseTo(right, 10);
    expect(line(name)?.sent).toBeCloseTo(sent, 10);
    expect(line(name)?.nanosPerThousand).toBe(cost);
    expect(line(name)?.f1?.value).toBeGreaterThan(0);
  });

  it('are told apart with an interval, and the cascade is what is recommended', () => {
    const [floor, cascade] = comparison.figures.differences;
    expect(floor?.accuracy).toMatchObject({ value: -0.15, test: { exact: expect.any(Number) } });
    expect(floor?.accuracy.interval.upper).toBeLessThan(-0.1);
    expect(cascade?.accuracy.value).toBe(0);
    expect(differenceTable(comparison.figures).rows.map(([, , p]) => p)).toEqual(['< 0.0001', '1.00']);
    expect(verdictText(comparison.verdict)).toContain(
      'no loss above 2 points with 95 % confidence on 400 messages',
    );
    expect(comparison.verdict.recommendation.keep).toBe('cascade');
    // Sending the fifth that is wrong first recovers all at once.
    expect(comparison.figures.gap?.averageRecovered).toBeCloseTo(0.9, 2);
  });

  it('say that the best is no recommendation, how both chosen ones were judged, and how many tests there were', () => {
    const notes = notesOf(comparison.figures).join('\n');
    expect(notes).toContain('a verdict recommends the cheapest way');
    expect(notes).toContain('p50 and p95 are of the calls as they were made');
    expect(notes).not.toContain('passes every check');
    expect(notes).toContain(
      'each fifth of the rows is answered with the threshold that the other four choose',
    );
    expect(comparison.figures.chosen).toEqual({ fitted: 0.9, best: 0.9 });
    expect(comparison.verdict.facts.tests).toBe(3);
  });

  it('have a gap between them, and each line says how much of it is recovered', () => {
    const { head, rows } = lineTable(comparison.figures);
    const at = head.indexOf('gap recovered');
    const cells = Object.fromEntries(rows.map((row) => [row[0]?.split(':')[0], row[at]]));
    expect(cells).toMatchObject({
      floor: '0.0 %',
      ceiling: '100.0 %',
      cascade: '100.0 %',
      random: '20.0 %',
      oracle: '100.0 %',
    });
    // All that it is sure of is right: the gap is closed with a fifth sent, and stays so.
    expect(comparison.figures.gap?.averageRecovered).toBeCloseTo(0.9, 10);
    expect(notesOf(comparison.figures).join('\n')).toContain('recover 0.900 of it on average');
  });

  it('without a gap have no column for it', () => {
    const { figures } = compared({ rows: 40, smallWrong: 20, bigWrong: 20 });
    expect(figures).not.toHaveProperty('gap');
    expect(lineTable(figures).head).not.toContain('gap recovered');
  });

  it('stand in every report with set, hash, labels and day of the prices', () => {
    const head = { pack: 'support', day: '2026-11-30', policyVersion: '1' };
    const tally = { calls: 800, served: 800, paidNanos: 0n };
    const reports = [
      comparisonMarkdown(head, [comparison]),
      comparisonPage(head, [comparison]),
      comparisonJson(head, [comparison], tally),
    ];
    for (const report of reports) {
      expect(report).toContain('eval/classify.jsonl');
      expect(report).toContain('aaaaaaaaaaaa');
      expect(report).toContain('2026-10-01');
      expect(report).toMatch(
        /3 rows that repeat an earlier text are left out \(1 with another label: the first one counts\)|"other_label": 1/,
      );
      expect(report).toContain('no loss above 2 points');
      expect(report).toMatch(/1 claim out of 3 tests|"any_wrong_at_most": 0.15/);
      expect(report).not.toContain('words');
    }
    expect(JSON.parse(reports[2] ?? '')).toMatchObject({
      schema_version: 1,
      calls: { needed: 800, from_cache: 800, paid_nanos: '0' },
      steps: [
        {
          step: 'classify',
          label_source: 'truth',
          verdict: { keep: 'cascade', more_rows: null, margin: 0.02 },
          lines: { length: 7 },
        },
      ],
    });
  });
});

describe('a comparison', () => {
  it('of too few rows says how many more', () => {
    expect(verdictText(compared({ rows: 40, smallWrong: 20, bigWrong: 20 }).verdict)).toMatch(
      /^Not enough data: \d+ more\./,
    );
  });

  it('is under the floor where the small model alone is', () => {
    const sizes = { rows: 400, smallWrong: 5, bigWrong: 20 };
    expect(compared(sizes, { floor: 0.81 }).verdict.underFloor).toBe(true);
    expect(compared(sizes, { floor: 0.8 }).verdict.underFloor).toBe(false);
  });

  it('of repeated answers shows their spread', () => {
    const notes = notesOf(compared({ rows: 100, smallWrong: 5, bigWrong: 20 }, { runs: 3 }).figures);
    expect(notes.join('\n')).toContain('little over 3 runs: 80.0 % right, standard deviation 0.00 points');
  });

  it('of models that are right on every row has no interval of no width, and says why', () => {
    const { figures } = compared({ rows: 20, smallWrong: 99, bigWrong: 99 });
    const [, right, f1] = lineTable(figures).rows[0] ?? [];
    expect(right).toBe('100.0 % (83.2 to 100.0)');
    expect(f1).toBe('100.0 % (–)');
    expect(differenceTable(figures).rows[0]?.at(-1)).toBe('+0.0 points (–)');
    expect(notesOf(figures).join('\n')).toContain('“(–)”: drawing these rows again gives the same figure');
  });

  it('names the models at whose prices a projection is', () => {
    const { figures } = compared({ rows: 40, smallWrong: 20, bigWrong: 20 });
    const embedded = { ...figures, models: figures.models.map((model) => ({ ...model, embedded: true })) };
    const { small, big } = pack.reference;
    expect(notesOf(embedded).join('\n')).toContain(`at the prices of ${small} and ${big}, the pack’s`);
  });

  it('has no column of projections where every model is an endpoint', () => {
    const { head } = lineTable(compared({ rows: 40, smallWrong: 20, bigWrong: 20 }).figures);
    expect(head).not.toContain('1,000 at reference prices');
  });
});

describe('replies', () => {
  const input = { text: 'Where is FF-204518?', subject: '', locale: 'en', receivedAtMs: nowMs };
  const rows: readonly ReplyRow[] = [
    { id: 'd1', input, checklist: { mustMention: ['FF-204518'], mustNotMention: [], maxWords: 20 } },
  ];
  const reply = (text: string): readonly StepCompletedInit[] => [
    { result: { case: 'draft', value: { text } }, call: { latencyMs: 1, costNanos: 1n, fingerprint: 'f' } },
  ];

  it.each([
    ['that say what they must are right', 'We are checking where FF-204518 stands.', 1, undefined],
    ['that do not are wrong, and why', 'We are checking.', 0, 'does not mention "FF-204518"'],
    ['that promise what nobody knows', 'FF-204518 arrives on 24 December, you get 15 EUR.', 0, '24 December'],
  ])('%s', (_, text, right, reason) => {
    const models: readonly ModelAnswers[] = [
      { name: 'little', tier: 'small', embedded: false, runs: [reply(text)] },
      { name: 'large', tier: 'big', embedded: false, runs: [reply(text)] },
    ];
    const { figures, details } = stepComparison(pack, { step: 'draft', rows }, models, { evidence, nowMs });
    expect(figures.lines[0]?.accuracy.value).toBe(right);
    expect(notesOf(figures).join('\n')).toContain('passes every check of its row’s list');
    if (reason !== undefined) expect(details.at(-1)?.rows[0]?.[1]).toContain(reason);
  });
});
