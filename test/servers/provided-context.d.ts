import 'vitest';

declare module 'vitest' {
  /** Servers that specs share. A spec file that needs one says so itself with `inject`, and uses names of its own on it. */
  interface ProvidedContext {
    /** `host:port` of a Kafka broker that makes no topics by itself. */
    kafkaBrokers: string;
    /** URL of a Redis that writes its append-only file. */
    redisUrl: string;
    /** URL of a PostgreSQL database and a user who may make schemas. */
    databaseUrl: string;
  }
}
