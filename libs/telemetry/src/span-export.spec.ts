import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { beforeEach, expect, it, vi } from 'vitest';
import { registry } from './metrics.js';
import { SPANS_LOST } from './names.js';
import { batched } from './span-export.js';
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
  const stopNow = startTracing({ processor: batched(exporter, { log }) });
  end('a', 'b');
  expect(exporter.names).toEqual([]);
  await stopNow();
  expect([exporter.names, warnings, await lost()]).toEqual([['a', 'b'], [], 0]);
});

it('counts spans that are refused, says so once, and stops all the same', async () => {
  const processor = batched(answering({ code: ExportResultCode.FAILED, error: refused }), { log });
  const stopNow = startTracing({ processor });
  end('a', 'b');
  await processor.forceFlush();
  end('c');
  await stopNow();
  expect([warnings, await lost()]).toEqual([[{ detail: '404 Not Found' }], 3]);
});

it('keeps a bounded number of spans while the endpoint is silent', async () => {
  const waiting: (() => void)[] = [];
  const success = { code: ExportResultCode.SUCCESS };
  const exporter: SpanExporter = {
    export: (_, done) => void waiting.push(() => done(success)),
    shutdown: async () => {},
  };
  const stopNow = startTracing({ processor: batched(exporter, { log, mostWaiting: 2 }) });
  // The first two are a batch, which is under way from then on.
  end('a', 'b', 'c', 'd', 'e', 'f');
  expect([waiting.length, await lost()]).toEqual([1, 2]);
  expect(warnings).toEqual([{ detail: 'the endpoint takes them too slowly' }]);
  const stopped = stopNow();
  await vi.waitFor(() => expect(waiting.length).toBe(2));
  for (const answer of waiting) answer();
  await stopped;
});
