import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { beforeEach, expect, it, vi } from 'vitest';
import { registry } from './metrics.js';
import { SPANS_LOST } from './names.js';
import { batched } from './span-export.js';
import { recordTo } from './span-recording.js';
import { startTracing, tracer } from './tracing.js';

let warnings: unknown[];
const log = { warn: (line: unknown) => void warnings.push(line) };

/** Answers every export with this. */
const answering = (result: ExportResult): SpanExporter & { readonly names: string[] } => {
  const names: string[] = [];
  return {
    names,
    export(spans: ReadableSpan[], done) {
      names.push(...spans.map(({ name }) => name));
      done(result);
    },
    shutdown: async () => {},
  };
};
const refused = Object.assign(new Error('Not Found'), { code: 404 });

function end(...names: readonly string[]): void {
  for (const name of names) tracer('gateway').startSpan(name).end();
}

async function lost(): Promise<number | undefined> {
  return (await registry.getSingleMetric(SPANS_LOST.name)?.get())?.values[0]?.value;
}

beforeEach(() => {
  warnings = [];
  registry.resetMetrics();
});

it('exports what is left when it is stopped', async () => {
  const exporter = answering({ code: ExportResultCode.SUCCESS });
  const stopNow = startTracing(recordTo(batched(exporter, { log })));
  end('a', 'b');
  expect(exporter.names).toEqual([]);
  await stopNow();
  expect([exporter.names, warnings, await lost()]).toEqual([['a', 'b'], [], 0]);
});

it('counts spans that are refused, says so once, and stops all the same', async () => {
  const processor = batched(answering({ code: ExportResultCode.FAILED, error: refused }), { log });
  const stopNow = startTracing(recordTo(processor));
  end('a', 'b');
  await processor.forceFlush();
  end('c');
  await stopNow();
  expect([warnings, await lost()]).toEqual([[{ detail: '404 Not Found' }], 3]);
});

it('does not wait for one batch to send the next, and keeps a bounded number of spans', async () => {
  const exported: string[][] = [];
  const answers: (() => void)[] = [];
  const exporter: SpanExporter = {
    export(spans, done) {
      exported.push(spans.map(({ name }) => name));
      answers.push(() => done({ code: ExportResultCode.SUCCESS }));
    },
    shutdown: async () => {},
  };
  const options = { log, mostWaiting: 4, batch: 2 };
  const stopNow = startTracing(recordTo(batched(exporter, options)));
  end('a', 'b');
  await vi.waitFor(() => expect(exported.length).toBe(1));
  end('c', 'd', 'e', 'f');
  await vi.waitFor(() =>
    expect(exported).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]),
  );
  expect([warnings, await lost()]).toEqual([[{ detail: 'the endpoint takes them too slowly' }], 2]);
  for (const answer of answers) answer();
  end('g');
  await stopNow();
  expect(exported.at(-1)).toEqual(['g']);
});
