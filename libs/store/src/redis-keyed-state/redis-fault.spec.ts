import { inspect } from 'node:util';
import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import { openingFault, redisFault } from './redis-fault.js';

const answer = (message: string): Error =>
  Object.assign(new Error(message), {
    name: 'ReplyError',
    command: { name: 'set', args: ['key', 'my words'] },
  });
const failure = (code: string): Error => Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code });

describe('faults of redis', () => {
  it.each<[string, Error, string, string]>([
    [
      'out of memory',
      answer("OOM command not allowed when used memory > 'maxmemory'."),
      'unavailable',
      'unavailable',
    ],
    [
      'out of memory inside a script of an older server',
      answer('ERR Error running script (call to f_1): @user_script:5: -OOM command not allowed'),
      'unavailable',
      'unavailable',
    ],
    [
      'a replica',
      answer("READONLY You can't write against a read only replica."),
      'unavailable',
      'unavailable',
    ],
    ['a start', answer('LOADING Redis is loading the dataset in memory'), 'unavailable', 'unavailable'],
    [
      'a full disk',
      answer('MISCONF Errors writing to the AOF file: No space left on device'),
      'unavailable',
      'unavailable',
    ],
    ['a cluster that is down', answer('CLUSTERDOWN Hash slot not served'), 'unavailable', 'unavailable'],
    ['a slot that has moved', answer('MOVED 3999 127.0.0.1:6381'), 'unavailable', 'unavailable'],
    [
      'a slot that is moving',
      answer('TRYAGAIN Multiple keys request during rehashing of slot'),
      'unavailable',
      'unavailable',
    ],
    ['a long script', answer('BUSY Redis is busy running a script.'), 'unavailable', 'unavailable'],
    ['a lost master', answer('MASTERDOWN Link with MASTER is down'), 'unavailable', 'unavailable'],
    [
      'too few replicas',
      answer('NOREPLICAS Not enough good replicas to write.'),
      'unavailable',
      'unavailable',
    ],
    ['no password', answer('NOAUTH Authentication required.'), 'unavailable', 'misconfigured'],
    ['a wrong password', answer('WRONGPASS invalid username-password pair'), 'unavailable', 'misconfigured'],
    [
      'no permission',
      answer("NOPERM this user has no permissions to run the 'eval' command"),
      'unavailable',
      'misconfigured',
    ],
    ['a refused connection', failure('ECONNREFUSED'), 'unavailable', 'unavailable'],
    ['a name that nobody knows yet', failure('ENOTFOUND'), 'unavailable', 'unavailable'],
    ['a certificate of nobody', failure('DEPTH_ZERO_SELF_SIGNED_CERT'), 'unavailable', 'misconfigured'],
    ['no TLS', failure('ERR_SSL_WRONG_VERSION_NUMBER'), 'unavailable', 'misconfigured'],
    ['silence', new Error('Command timed out'), 'unavailable', 'unavailable'],
    [
      'keys in two slots',
      answer("CROSSSLOT Keys in request don't hash to the same slot"),
      'unknown',
      'unknown',
    ],
    ['a defect of ours', new TypeError('x is not a function'), 'unknown', 'unknown'],
  ])('%s', (_, error, running, opening) => {
    expect([redisFault(error).code, openingFault(error).code]).toEqual([running, opening]);
  });

  it('leaves a fault as it is', () => {
    const fault = new Fault('conflict', 'someone else');
    expect([redisFault(fault), openingFault(fault)]).toEqual([fault, fault]);
  });

  it('never shows what was sent', () => {
    const unknown = answer(
      "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'my words'",
    );
    for (const error of [unknown, answer('OOM command not allowed'), answer('NOPERM no')]) {
      expect(inspect([redisFault(error), openingFault(error)], { depth: 9 })).not.toContain('my words');
    }
  });
});
