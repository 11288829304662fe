import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { createLogger, type Logger } from './logger.js';
import { counter } from './metrics.js';
import { SPANS_LOST } from './names.js';
import { recordTo } from './span-recording.js';
import type { Recording } from './tracing.js';

/**
 * One export with its retries, milliseconds; a process that stops waits no longer than this for an endpoint that does
 * not answer.
 */
const EXPORT_MS = 3_000;
const BATCH = 1_024;
/** A message has about fifty spans of some 3 KB in memory: this is a third of a second at full load, and 50 MB. */
const MOST_WAITING = 16_384;
const NOTE_EVERY_MS = 60_000;

/** Sends spans to an OTLP endpoint over HTTP, such as `http://127.0.0.1:4318`, in batches. */
export function exportTo(endpoint: string): Recording {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS });
  return recordTo(batched(exporter, { log: createLogger('telemetry') }));
}

interface BatchOptions {
  readonly log: Pick<Logger, 'warn'>;
  /** Spans that may wait or be under way; what comes beyond that is lost. */
  readonly mostWaiting?: number;
  /** Spans of one export, at most. */
  readonly batch?: number;
}

/**
 * Hands spans on in batches. Never holds the work up and never fails it: spans that cannot be exported, or that come
 * faster than they can be, are lost, which is counted and, once a minute, logged.
 */
export function batched(exporter: SpanExporter, options: BatchOptions): SpanProcessor {
  const { log, mostWaiting = MOST_WAITING, batch = BATCH } = options;
  const lost = losses(log);
  let waiting = 0;
  const batches = new BatchSpanProcessor({
    exporter: {
      export(spans, done) {
        exporter.export(spans, (result) => {
          waiting -= spans.length;
          if (result.code !== ExportResultCode.SUCCESS) lost(spans.length, detailOf(result));
        });
        // At once: a busy process makes spans faster than one export after the other takes them.
        done({ code: ExportResultCode.SUCCESS });
      },
      shutdown: () => exporter.shutdown(),
    },
    maxQueueSize: mostWaiting,
    maxExportBatchSize: batch,
    scheduledDelayMillis: 1_000,
  });
  return {
    onStart() {},
    onEnd(span) {
      if (waiting >= mostWaiting) return lost(1, 'the endpoint takes them too slowly');
      waiting += 1;
      batches.onEnd(span);
    },
    async forceFlush() {
      await batches.forceFlush();
      await exporter.forceFlush?.();
    },
    shutdown: () => batches.shutdown(),
  };
}

function losses(log: Pick<Logger, 'warn'>): (count: number, detail: string) => void {
  const lost = counter(SPANS_LOST, []);
  let quietUntil = Number.NEGATIVE_INFINITY;
  return (count, detail) => {
    lost.inc(count);
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + NOTE_EVERY_MS;
    log.warn({ detail }, 'spans are lost');
  };
}

function detailOf({ error }: ExportResult): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return [code, error?.message].filter((part) => part !== undefined && part !== '').join(' ');
}
