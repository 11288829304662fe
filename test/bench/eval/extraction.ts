import { type SpanAnswer, spanFigures } from '@spillway/eval/metrics/spans';
import { labelledSources, rowsOf, type Source } from '../extract-precision.bench.js';
import { head, row } from '../table.js';

/** Span F1 of a sequence tagger that was trained on each set's train part (averaged perceptron, BIO), whole test. */
const TAGGER: Readonly<Record<string, number>> = { nlupp_banking: 0.5937, multidogo: 0.8386 };

const f1 = (answers: readonly SpanAnswer[], way: 'exact' | 'overlapping'): string =>
  (spanFigures(answers)[way].f1 ?? Number.NaN).toFixed(3);

interface Read {
  /** Spans of one name that is labelled, with what the extractor found of the kind that it is. */
  readonly byName: ReadonlyMap<string, SpanAnswer[]>;
  readonly all: readonly SpanAnswer[];
  /** Without the names that the extractor has no kind for. */
  readonly known: readonly SpanAnswer[];
}

function readAll({ extractor, receivedAtMs, kinds, name: set }: Source): Read {
  const byName = new Map<string, SpanAnswer[]>();
  const all: SpanAnswer[] = [];
  const known: SpanAnswer[] = [];
  for (const { text, spans } of rowsOf({ name: set }, 'test')) {
    const found = extractor({ text, subject: '', locale: 'en', receivedAtMs }).fields.map(
      ({ start, end, circumstances }) => ({ field: circumstances.kind as string, start, end }),
    );
    const truth = spans.map(({ name, start, end }) => ({ name, field: kinds[name] ?? name, start, end }));
    all.push({ truth, said: found });
    known.push({ truth: truth.filter(({ name }) => kinds[name] !== undefined), said: found });
    for (const name of new Set(spans.map((span) => span.name))) {
      const own = truth.filter((span) => span.name === name);
      const list = byName.get(name) ?? [];
      byName.set(name, list);
      list.push({ truth: own, said: found.filter(({ field }) => field === kinds[name]) });
    }
  }
  return { byName, all, known };
}

/**
 * The embedded extractor on labelled spans, beside a tagger that was trained on them: per field how many it finds, and which
 * fields it has no kind for, which is what a language model would be asked to add.
 */
export function extraction(): void {
  for (const source of labelledSources.filter(({ name }) => name in TAGGER)) {
    const { byName, all, known } = readAll(source);
    process.stdout.write(
      `\nExtraction on ${source.name}, test, ${all.length} rows, people’s spans. Exact: both ends of the span; overlapping: one character.\n`,
    );
    head('fields', 'span F1, exact', 'span F1, overlapping');
    row('all that are labelled', f1(all, 'exact'), f1(all, 'overlapping'));
    row('those that the embedded extractor knows', f1(known, 'exact'), f1(known, 'overlapping'));
    row('a tagger trained on the set, all', (TAGGER[source.name] ?? Number.NaN).toFixed(3), '–');
    const missing = [...byName].filter(([name]) => source.kinds[name] === undefined);
    const missed = missing.reduce((sum, [, answers]) => sum + spansIn(answers), 0);
    process.stdout.write(
      `\nA language model would be asked to add ${missing.length} of ${byName.size} fields, ${missed} of ${spansIn(all)} spans: ${missing.map(([name]) => name).join(', ')}.\n`,
    );
    head('field', 'spans', 'kind', 'found, exact', 'found, overlapping');
    const names = [...byName].sort(([, one], [, other]) => spansIn(other) - spansIn(one));
    for (const [name, answers] of names) {
      const { exact, overlapping } = spanFigures(answers);
      const kind = source.kinds[name];
      const share = (recall: number | undefined) => (kind === undefined ? '–' : (recall ?? 0).toFixed(3));
      row(
        name,
        spansIn(answers),
        kind ?? 'none: a language model’s',
        share(exact.recall),
        share(overlapping.recall),
      );
    }
  }
}

const spansIn = (answers: readonly SpanAnswer[]): number =>
  answers.reduce((sum, { truth }) => sum + truth.length, 0);
