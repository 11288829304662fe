import { context, trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';

let level: LogLevel = 'info';
let destination: DestinationStream | undefined;

/** Sets level and destination for every logger made afterwards. Default: `info`, to standard error. */
export function configureLogs(options: {
  readonly level?: LogLevel;
  readonly destination?: DestinationStream;
}): void {
  level = options.level ?? level;
  destination = options.destination ?? destination;
}

/**
 * A JSON logger that puts the trace id into every line. Never hand it a customer's text or a secret; what gets
 * through under the usual names is redacted all the same.
 */
export function createLogger(service: string): Logger {
  return pino(
    {
      level,
      base: { service },
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const span = trace.getSpanContext(context.active());
        return span === undefined ? {} : { trace_id: span.traceId };
      },
      redact: {
        paths: [
          'text',
          '*.text',
          'subject',
          '*.subject',
          'reply',
          '*.reply',
          'customer',
          '*.customer',
          'authorization',
          '*.authorization',
          'apiKey',
          '*.apiKey',
        ],
        censor: '[redacted]',
      },
    },
    destination ?? pino.destination({ dest: 2, sync: false }),
  );
}
