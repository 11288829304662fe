import { Fault } from '@spillway/contracts/fault';

/** What Redis answers while it cannot do its work, and what an operator should know. Any other answer is a defect. */
const outages: Readonly<Record<string, string>> = {
  ASK: 'a slot of the Redis cluster is moving',
  BUSY: 'Redis is busy with a script',
  CLUSTERDOWN: 'the Redis cluster has no majority, or not all of its slots are served',
  LOADING: 'Redis is still reading its data',
  MASTERDOWN: 'this Redis has lost its master',
  MISCONF: 'Redis cannot write to its disk',
  MOVED: 'a slot of the Redis cluster has moved',
  NOAUTH: 'Redis wants a password',
  NOPERM: 'Redis does not let this user do what is needed',
  NOREPLICAS: 'Redis has too few replicas that are in step',
  OOM: 'Redis has no memory left: raise maxmemory',
  READONLY: 'this Redis is a replica: it takes no writes',
  TRYAGAIN: 'a slot of the Redis cluster is moving',
  WRONGPASS: 'Redis does not know this user or password',
};

/** Answers that only another configuration can mend, and how. */
const fixes: Readonly<Record<string, string>> = {
  NOAUTH: 'put the password into the address: redis://:password@host:6379',
  NOPERM: 'let the user run INFO, TIME, EVAL, EVALSHA and the commands @read @write on the keys {<prefix>:*',
  WRONGPASS: 'name a user and password that this server knows: redis://user:password@host:6379',
};

/** Node's codes for a certificate or a protocol that do not fit; all others of its codes pass by themselves. */
const tlsCode = /^ERR_(SSL|TLS)_|CERT|UNABLE_TO_|HOSTNAME_MISMATCH/;

/**
 * A failure of the server or of the way to it. `unavailable` for whatever an operator can mend while work waits, wrong
 * passwords too: only at the start is somebody there to be told.
 */
export function redisFault(error: unknown): Fault {
  if (error instanceof Fault || !(error instanceof Error)) return Fault.from(error);
  if (error.name === 'ReplyError') {
    const outage = outages[answerCode(error)];
    if (outage !== undefined) return new Fault('unavailable', outage, { cause: bare(error) });
    return new Fault('unknown', `Redis refused a command: ${answerOf(error)}`, { cause: bare(error) });
  }
  // Defects of ours; the client's own errors are plain ones, or have a code or a class of their own.
  if (error instanceof TypeError || error instanceof RangeError) return Fault.from(error);
  return new Fault('unavailable', `Redis cannot be reached: ${answerOf(error)}`, { cause: bare(error) });
}

/** A failure while the driver is opened: `misconfigured`, with the fix, where waiting cannot help. */
export function openingFault(error: unknown): Fault {
  const fault = redisFault(error);
  if (fault.code !== 'unavailable' || !(fault.cause instanceof Error)) return fault;
  const { cause } = fault;
  const fix = fixes[answerCode(cause)];
  if (fix !== undefined) return misconfigured(`${fault.message}; ${fix}`, cause);
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (tlsCode.test(code)) {
    return misconfigured(
      `Redis cannot be trusted or does not speak TLS (${code}); for a certificate of your own authority set NODE_EXTRA_CA_CERTS, without TLS use redis://`,
      cause,
    );
  }
  return fault;
}

export function misconfigured(message: string, cause?: unknown): Fault {
  return new Fault('misconfigured', message, { cause, problems: [{ where: 'REDIS_URL', message }] });
}

/** Older servers put the answer of a command behind the name of the script that gave it. */
function answerCode({ message }: Error): string {
  return /^(?:ERR Error running script.*?: -?)?([A-Z]+)\b/.exec(message)?.[1] ?? '';
}

/** An answer to an unknown command repeats what was said, passwords too. */
function answerOf({ message }: Error): string {
  return message.replace(/,? with args beginning with.*/s, '');
}

/** The same error without the command, whose arguments are a customer's words or a password. */
function bare(error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  const plain = new Error(answerOf(error));
  plain.name = error.name;
  return code === undefined ? plain : Object.assign(plain, { code });
}
