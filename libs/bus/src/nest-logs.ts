import type { LoggerService } from '@nestjs/common';
import { createLogger } from '@spillway/telemetry/logger';

/** Nest's own log lines as ours: warnings and errors by their text, and no start-up chatter. */
export function nestLogs(service: string): LoggerService {
  const logger = createLogger(service);
  const textOf = (message: unknown): string => (message instanceof Error ? message.name : String(message));
  const ignore = (): void => undefined;
  return {
    log: ignore,
    debug: ignore,
    verbose: ignore,
    warn: (message: unknown) => logger.warn(textOf(message)),
    error: (message: unknown) => logger.error(textOf(message)),
    fatal: (message: unknown) => logger.fatal(textOf(message)),
  };
}
